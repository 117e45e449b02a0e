import type { HistoryLimits } from "../connectors/shared/history-limits.ts";
import type {
	Connector,
	History,
	HistoryOptions,
	HistoryPage,
	OutgoingMessage,
	PublishOutcome,
	PublishResult,
	Resume,
	SendOptions,
	Subscription,
	SubscriptionHandlers,
} from "../core/connector.ts";
import { ConnectorError, closedError } from "../core/errors.ts";
import { live, type Positions, parseCursor } from "../core/history/cursor.ts";
import { checkNames } from "../core/known-names.ts";
import { controlQuery } from "../core/request/request.ts";
import { Cursors } from "./cursors.ts";
import { mergeFrames } from "./merge.ts";
import {
	errorOf,
	type Failure,
	failureStatus,
	limitsQuery,
	type Reply,
	unknownPosition,
} from "./protocol.ts";
import { type ChannelNamespace, ObjectPublishing, type PublishingStub } from "./publishing.ts";
import { ObjectSubscription } from "./subscription.ts";

/** As much of a Durable Object's stub as is used here: `SseChannel`, seen from a Worker. */
export interface ChannelStub extends PublishingStub {
	fetch(url: string, init?: { signal?: AbortSignal }): Promise<Response>;
	read(
		channel: string,
		after: string,
		limit: number,
		history: HistoryLimits,
	): Promise<Reply<HistoryPage>>;
	head(channel: string, back: number, history: HistoryLimits): Promise<Reply<{ id: string }>>;
	forget(channel: string, history: HistoryLimits): Promise<Reply<{ done: true }>>;
}

export type { ChannelNamespace } from "./publishing.ts";

export interface DurableObjectOptions {
	/** How long an object may take to answer, in ms. Default 3,000. */
	timeout?: number;
	/**
	 * Keeps messages in the objects' SQLite storage, so that clients can come back to where they left off. The
	 * limits are this Worker's and go along with each call: the class needs no setting. What is kept of a channel
	 * is freed when `maxAge` is over without a publish. Default: none are kept.
	 *
	 * An object that relays (`upstream()`) keeps none itself: its upstream must have a history then, whose own
	 * limits hold.
	 */
	history?: HistoryOptions | undefined;
}

/**
 * Fan-out on Cloudflare without a broker: one Durable Object per channel holds the channel's streams.
 *
 * ```ts
 * export { SseChannel } from "edge-sse/durable-object";
 * const sse = new ServerSentEvents({ connector: durableObject(env.SSE) });
 * ```
 *
 * @throws {TypeError} when the namespace is not there (the binding is missing or has another name), or
 *   the timeout is not a number above 0, or a limit of the history no whole number of 1 or more.
 */
export function durableObject(
	namespace: ChannelNamespace,
	options: DurableObjectOptions = {},
): Connector {
	checkNames(
		"durableObject(): ",
		options,
		["timeout history"],
		[
			["Write history: { maxLength, maxAge }.", "maxLength maxAge"],
			["It goes to the class: extend SseChannel, and set options = { keepAlive }.", "keepAlive"],
			["Each request has its own; leave it out.", "scope"],
		],
	);
	return new DurableObjectConnector(new ObjectPublishing(namespace, options));
}

class DurableObjectConnector implements Connector {
	readonly name = "durable-object";
	readonly scope = "request";
	readonly history: History | undefined;
	readonly #publishing: ObjectPublishing;
	readonly #subscriptions = new Set<ObjectSubscription>();

	constructor(publishing: ObjectPublishing) {
		this.#publishing = publishing;
		const { limitsOf } = publishing;
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
			(signal) => this.#open("payloads", channel, {}, signal),
			handlers,
			() => this.#subscriptions.delete(subscription),
		);
		this.#subscriptions.add(subscription);
		await subscription.start();
		return subscription;
	}

	/** The objects' own streams: one is handed on untouched, so that the Worker spends no CPU per event. */
	async stream(channels: readonly string[], resume: Resume): Promise<ReadableStream<Uint8Array>> {
		this.#publishing.check(...channels);
		const positions = this.history && (await positionsOf(this.history, channels, resume));
		const abort = new AbortController();
		try {
			const bodies = await Promise.all(
				channels.map((channel, index) =>
					this.#open("frames", channel, streamQuery(resume, positions?.[index]), abort.signal),
				),
			);
			const [only, ...others] = bodies;
			if (only !== undefined && others.length === 0) return only;
			return mergeFrames(bodies, positions && new Cursors(channels, positions));
		} catch (error) {
			// Cancels those that were opened already, and those that answer too late.
			abort.abort();
			throw error;
		}
	}

	async close(): Promise<void> {
		this.#publishing.close();
		for (const subscription of [...this.#subscriptions]) {
			subscription.end(closedError("durable-object connector"));
		}
	}

	async #open(
		what: "frames" | "payloads",
		channel: string,
		start: Record<string, string>,
		signal: AbortSignal,
	): Promise<ReadableStream<Uint8Array>> {
		const limits = this.#publishing.limitsOf?.(channel);
		// The host is never looked up; the channel is a query parameter, and so can hold anything.
		const query = new URLSearchParams({ channel, ...(limits && limitsQuery(limits)), ...start });
		const url = `https://channel.invalid/${what}?${query}`;
		const stub: ChannelStub = this.#publishing.stub(channel);
		const response = await this.#publishing.inTime(() => stub.fetch(url, { signal }));
		if (response.ok && response.body !== null) return response.body;
		if (response.status === failureStatus) throw errorOf((await response.json()) as Failure);
		throw new ConnectorError("unavailable", `The channel's object answered ${response.status}.`);
	}
}

/** Where the client stands in each channel, as far as it says so. */
async function positionsOf(
	history: History,
	channels: readonly string[],
	{ lastEventId, recent }: Resume,
): Promise<Positions> {
	if (lastEventId !== undefined) return parseCursor(channels, lastEventId);
	// One channel's object finds the place by itself; the cursor of several begins with all of theirs.
	if (recent === 0 || channels.length === 1) return channels.map(() => undefined);
	return Promise.all(channels.map((channel) => history.head(channel, recent)));
}

/** What the object is to know of the stream. A cursor goes on as what it was read as, whatever the client has sent. */
function streamQuery(
	{ lastEventId, recent, expires, control, prefix = "" }: Resume,
	position: string | undefined,
): Record<string, string> {
	const query: Record<string, string> = {};
	if (position !== undefined) {
		if (position !== live) query.lastEventId = position;
	} else if (lastEventId !== undefined) query.lastEventId = unknownPosition;
	else if (recent > 0) query.recent = String(recent);
	if (expires !== Number.POSITIVE_INFINITY) query.expires = String(expires);
	if (prefix !== "") query.prefix = prefix;
	if (control) query[controlQuery[0]] = controlQuery[1];
	return query;
}
