import type { PresenceBasis, StreamGuest } from "../core/presence-contract.ts";
import type { Reply } from "./protocol.ts";
import type { ObjectPublishing } from "./publishing.ts";

/** The part of a Durable Object's stub that is used here. */
interface MembersStub {
	members(after: string, limit: number): Promise<Reply<{ json: string }>>;
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
			const members = (stub: MembersStub) => stub.members(after, limit);
			return JSON.parse((await publishing.ask(channel, members)).json);
		},
	};
}
