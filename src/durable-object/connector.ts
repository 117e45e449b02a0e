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
import { controlQuery, envelopeQuery } from "../core/request/request.ts";
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
import { ObjectRuns, type RunStub } from "./runs.ts";
import { ObjectSubscription } from "./subscription.ts";

/** The part of a Durable Object's stub that is used here: `SseChannel`, seen from a Worker. */
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

/** The options of `durableObject()`. */
export interface DurableObjectOptions {
	/**
	 * How long an object may take to answer, in ms.
	 *
	 * @defaultValue `3_000`
	 */
	timeout?: number;
	/**
	 * Keeps messages in the objects' SQLite storage, so that clients that reconnect get what they
	 * missed. The limits are this Worker's and go along with each call: the class needs no
	 * setting. A channel's messages are freed when `maxAge` has passed without a publish.
	 *
	 * An object that relays (`upstream()`) keeps none itself. Its upstream must have a history,
	 * whose own limits hold.
	 *
	 * @defaultValue none: nothing is kept
	 */
	history?: HistoryOptions | undefined;
}

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
 * @throws {TypeError} when the namespace is missing (no binding of that name), when the timeout
 *   is not a number above 0, or when a limit of the history is no whole number of 1 or more.
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
			["Set it in the class: extend SseChannel with options = { keepAlive }.", "keepAlive"],
			["Leave it out: each request has its own.", "scope"],
		],
	);
	return new DurableObjectConnector(new ObjectPublishing(namespace, options));
}

class DurableObjectConnector implements Connector {
	readonly name = "durable-object";
	readonly scope = "request";
	readonly history: History | undefined;
	readonly runs: ObjectRuns | undefined;
	readonly #publishing: ObjectPublishing;
	readonly #subscriptions = new Set<ObjectSubscription>();

	constructor(publishing: ObjectPublishing) {
		this.#publishing = publishing;
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
			(signal) => this.#open("payloads", channel, {}, signal),
			handlers,
			() => this.#subscriptions.delete(subscription),
		);
		this.#subscriptions.add(subscription);
		await subscription.start();
		return subscription;
	}

	/**
	 * The objects' own streams. One alone is handed on untouched, so that the Worker spends no
	 * CPU per event, unless its cursor is to name it.
	 */
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
			const isBare = positions === undefined || resume.named !== true;
			if (only !== undefined && others.length === 0 && isBare) return only;
			return mergeFrames(bodies, positions && new Cursors(channels, positions));
		} catch (error) {
			// Cancels streams that are open, and those that answer too late.
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
		// Nothing looks up the host. The channel is a query parameter, so it can hold anything.
		const query = new URLSearchParams({ channel, ...(limits && limitsQuery(limits)), ...start });
		const url = `https://channel.invalid/${what}?${query}`;
		const stub: ChannelStub = this.#publishing.stub(channel);
		const response = await this.#publishing.inTime(() => stub.fetch(url, { signal }));
		if (response.ok && response.body !== null) return response.body;
		if (response.status === failureStatus) throw errorOf((await response.json()) as Failure);
		throw new ConnectorError("unavailable", `The channel's object answered ${response.status}.`);
	}
}

/** The client's position in each channel, where its cursor has one. */
async function positionsOf(
	history: History,
	channels: readonly string[],
	{ lastEventId, recent }: Resume,
): Promise<Positions> {
	if (lastEventId !== undefined) return parseCursor(channels, lastEventId);
	// The object of a single channel finds its place by itself. A cursor for several begins with all
	// their positions.
	if (recent === 0 || channels.length === 1) return channels.map(() => undefined);
	return Promise.all(channels.map((channel) => history.head(channel, recent)));
}

/**
 * What the object must know about the stream. It gets the cursor as it was parsed, not as the
 * client sent it.
 */
function streamQuery(
	{ lastEventId, recent, expires, control, envelope, types, prefix = "" }: Resume,
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
	if (types !== undefined) query.types = JSON.stringify(types);
	if (envelope) query[envelopeQuery[0]] = envelopeQuery[1];
	return query;
}
