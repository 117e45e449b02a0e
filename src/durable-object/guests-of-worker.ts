import type { PublishResult } from "../core/connector.ts";
import { ConfigurationError } from "../core/errors.ts";
import type { PresenceBasis, StreamGuest } from "../core/presence-contract.ts";
import type { Ending, Reply } from "./protocol.ts";
import type { ObjectPublishing } from "./publishing.ts";

/** The part of a Durable Object's stub that is used here. */
interface GuestsStub {
	members(after: string, limit: number): Promise<Reply<{ json: string }>>;
	disconnect(channel: string, ending: Ending): Promise<Reply<PublishResult>>;
}

/** What the Worker's connector offers to `edge-sse/presence`: each channel's object knows its own streams. */
export function objectPresence<C>(
	publishing: ObjectPublishing,
	as: (guest: StreamGuest) => C,
): PresenceBasis<C> {
	return {
		kind: "objects",
		as,
		page: async (channel, after, limit) => {
			const members = (stub: GuestsStub) => stub.members(after, limit);
			return JSON.parse((await publishing.ask(channel, members)).json);
		},
	};
}

/** @throws {ConfigurationError} without a channel. */
export async function disconnectOn(
	publishing: ObjectPublishing,
	channel: string | undefined,
	{ client, reason, final }: { client?: string | undefined } & Omit<Ending, "client">,
): Promise<PublishResult> {
	if (channel === undefined) {
		throw new ConfigurationError(
			"disconnect(): on Durable Objects name a channel, too: a client's streams are in the objects of its channels.",
		);
	}
	const ending = { ...(client !== undefined && { client }), reason, final };
	return publishing.ask(channel, (stub: GuestsStub) => stub.disconnect(channel, ending));
}
