import type { HistoryLimits } from "../connectors/shared/history-limits.ts";
import type {
	Connector,
	History,
	HistoryPage,
	OutgoingMessage,
	PublishOutcome,
	PublishResult,
	Resume,
	SendOptions,
	Subscription,
	SubscriptionHandlers,
} from "../core/connector.ts";
import type { Disconnect } from "../core/control/disconnect.ts";
import type { StreamBudget } from "../core/delivery/budget.ts";
import { ConnectorError, closedError } from "../core/errors.ts";
import { parseCursor } from "../core/history/cursor.ts";
import type { PresenceBasis, StreamGuest } from "../core/presence-contract.ts";
import { disconnectOn, objectPresence } from "./guests-of-worker.ts";
import { checkedHolding, type DurableObjectOptions } from "./options.ts";
import {
	againQuery,
	errorOf,
	type Failure,
	failureStatus,
	guestParameter,
	limitsQuery,
	objectHost,
	positionHeader,
	type Reply,
} from "./protocol.ts";
import { type ChannelNamespace, ObjectPublishing, type PublishingStub } from "./publishing.ts";
import { ObjectRuns, type RunStub } from "./runs.ts";
import { streamQuery } from "./stream-query.ts";
import { ObjectSubscription, type OpenedSocket } from "./subscription.ts";
import type { WebSocketLike } from "./worker-socket.ts";

/** The part of a Durable Object's stub that is used here: `SseChannel`, seen from a Worker. */
export interface ChannelStub extends PublishingStub {
	fetch(
		url: string,
		init?: { signal?: AbortSignal; headers?: Record<string, string> },
	): Promise<Response>;
	read(
		channel: string,
		after: string,
		limit: number,
		history: HistoryLimits,
	): Promise<Reply<HistoryPage>>;
	head(channel: string, back: number, history: HistoryLimits): Promise<Reply<{ id: string }>>;
	forget(channel: string, history: HistoryLimits): Promise<Reply<{ done: true }>>;
}

export type { DurableObjectOptions } from "./options.ts";
export type { ChannelNamespace } from "./publishing.ts";

/**
 * Fan-out on Cloudflare without a broker: one Durable Object per channel holds the channel's
 * streams.
 *
 * @example
 * ```ts
 * import { env } from "cloudflare:workers";
 * import { ServerSentEvents } from "edge-sse";
 * import { durableObject } from "edge-sse/durable-object";
 *
 * export { SseChannel } from "edge-sse/durable-object";
 *
 * const sse = new ServerSentEvents({ connector: durableObject(env.SSE) });
 * export default { fetch: sse.fetch };
 * ```
 *
 * @throws {ConfigurationError} when `hold` or `plan` is none of its words.
 * @throws {TypeError} when the namespace is missing (no binding of that name), when the timeout
 *   is not a number above 0, or when a limit of the history is no whole number of 1 or more.
 */
export function durableObject(
	namespace: ChannelNamespace,
	options: DurableObjectOptions = {},
): Connector {
	const { hold, perStream } = checkedHolding(options);
	const publishing = new ObjectPublishing(namespace, options);
	const subscriptions = new Set<ObjectSubscription>();
	const presence = objectPresence(publishing, (guest) => make(guest));
	const make = (guest?: StreamGuest): Connector =>
		new DurableObjectConnector({ publishing, hold, perStream, subscriptions, presence, guest });
	return make();
}

interface Parts {
	readonly publishing: ObjectPublishing;
	readonly hold: "worker" | "object";
	readonly perStream: StreamBudget;
	readonly subscriptions: Set<ObjectSubscription>;
	readonly presence: PresenceBasis<Connector>;
	/** Whose streams it makes, where that is known. */
	readonly guest: StreamGuest | undefined;
}

class DurableObjectConnector implements Connector {
	readonly name = "durable-object";
	readonly scope = "request";
	readonly history: History | undefined;
	readonly runs: ObjectRuns | undefined;
	readonly perStream: StreamBudget;
	/** Only where the objects make the streams. */
	readonly stream?: NonNullable<Connector["stream"]>;
	readonly #publishing: ObjectPublishing;
	readonly presence: PresenceBasis<Connector>;
	readonly #subscriptions: Set<ObjectSubscription>;
	readonly #guest: StreamGuest | undefined;

	constructor({ publishing, hold, perStream, subscriptions, presence, guest }: Parts) {
		this.#publishing = publishing;
		this.perStream = perStream;
		this.presence = presence;
		this.#subscriptions = subscriptions;
		this.#guest = guest;
		if (hold === "object") this.stream = (...args) => this.#handOn(...args);
		const { limitsOf } = publishing;
		if (limitsOf !== undefined) {
			this.runs = new ObjectRuns(async (channel, call) => {
				const { json } = await publishing.ask(channel, (stub: RunStub) => stub.run(channel, call));
				return json;
			});
		}
		this.history = limitsOf && {
			read: async (channel, after, limit) => {
				const read = (stub: ChannelStub) => stub.read(channel, after, limit, limitsOf(channel));
				const { covered, messages, more, empty } = await publishing.ask(channel, read);
				const page = { covered, messages, more };
				return empty === undefined ? page : { ...page, empty: { from: empty.from, to: empty.to } };
			},
			head: async (channel, back = 0) => {
				const head = (stub: ChannelStub) => stub.head(channel, back, limitsOf(channel));
				const { id } = await publishing.ask(channel, head);
				return id;
			},
			forget: async (channel) => {
				await publishing.ask(channel, (stub: ChannelStub) =>
					stub.forget(channel, limitsOf(channel)),
				);
			},
		};
	}

	async publish(channel: string, payload: string, options?: SendOptions): Promise<PublishResult> {
		return this.#publishing.publish(channel, payload, options);
	}

	async publishAll(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		return this.#publishing.publishAll(messages);
	}

	async subscribe(channel: string, handlers: SubscriptionHandlers): Promise<Subscription> {
		this.#publishing.check(channel);
		const subscription = new ObjectSubscription(
			(signal, isAgain) => this.#openSocket(channel, signal, isAgain),
			handlers,
			() => this.#subscriptions.delete(subscription),
			(told) => this.#guest?.onMembers(channel, told),
		);
		this.#subscriptions.add(subscription);
		await subscription.start();
		return subscription;
	}

	/** @throws {ConfigurationError} without a channel: the streams of a client are in the objects of its channels. */
	disconnect({ channel, ...ending }: Disconnect): Promise<PublishResult> {
		return disconnectOn(this.#publishing, channel, ending);
	}

	/**
	 * The object's own stream, handed on untouched, so that the Worker spends no CPU per event.
	 *
	 * @returns undefined where the stream needs an id that names its channels: no object knows
	 *   the others.
	 */
	#handOn(
		channels: readonly string[],
		resume: Resume,
	): Promise<ReadableStream<Uint8Array>> | undefined {
		const [channel = "", ...others] = channels;
		const isNamed = this.history !== undefined && resume.named === true;
		return others.length > 0 || isNamed ? undefined : this.#openStream(channel, resume);
	}

	async #openStream(channel: string, resume: Resume): Promise<ReadableStream<Uint8Array>> {
		this.#publishing.check(channel);
		const [position] =
			this.history === undefined || resume.lastEventId === undefined
				? []
				: parseCursor([channel], resume.lastEventId);
		const { body } = await this.#fetch("frames", channel, streamQuery(resume, position));
		if (body !== null) return body;
		throw new ConnectorError("unavailable", "The channel's object answered without a stream.");
	}

	async close(): Promise<void> {
		this.#publishing.close();
		for (const subscription of [...this.#subscriptions]) {
			subscription.end(closedError("durable-object connector"));
		}
	}

	async #openSocket(channel: string, signal: AbortSignal, isAgain: boolean): Promise<OpenedSocket> {
		const headers = { upgrade: "websocket" };
		const start = isAgain ? againQuery : {};
		const response = await this.#fetch("socket", channel, start, { signal, headers });
		const { webSocket } = response as { webSocket?: WebSocketLike | null };
		const position = response.headers.get(positionHeader) ?? undefined;
		if (webSocket) return { socket: webSocket, position };
		throw new ConnectorError("unavailable", "The channel's object answered without a socket.");
	}

	async #fetch(
		what: "frames" | "socket",
		channel: string,
		start: Record<string, string>,
		init: { signal?: AbortSignal; headers?: Record<string, string> } = {},
	): Promise<Response> {
		const limits = this.#publishing.limitsOf?.(channel);
		// The channel is a query parameter, so it can hold anything.
		const query = new URLSearchParams({ channel, ...(limits && limitsQuery(limits)), ...start });
		if (this.#guest !== undefined) query.set(guestParameter, this.#guest.textOf(channel));
		const url = `https://${objectHost}/${what}?${query}`;
		const stub: ChannelStub = this.#publishing.stub(channel);
		const response = await this.#publishing.inTime(() => stub.fetch(url, init));
		if (response.ok || response.status === 101) return response;
		if (response.status === failureStatus) throw errorOf((await response.json()) as Failure);
		throw new ConnectorError("unavailable", `The channel's object answered ${response.status}.`);
	}
}
