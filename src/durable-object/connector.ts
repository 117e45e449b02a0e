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
import type { StreamBudget } from "../core/delivery/budget.ts";
import { ConfigurationError, ConnectorError, closedError } from "../core/errors.ts";
import { live, parseCursor } from "../core/history/cursor.ts";
import { checkNames } from "../core/known-names.ts";
import { controlQuery, envelopeQuery } from "../core/request/request.ts";
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
	/**
	 * Who holds the streams. `"worker"`: the Worker does, and a WebSocket ties it to the channel's
	 * object, which sleeps, unbilled, while nothing is published. `"object"`: the object does, and
	 * is billed for as long as a stream is open. The Worker then spends no CPU per event, and an
	 * event costs the object once for all its streams.
	 *
	 * Streams of several channels are held by the Worker in both forms. An object that relays
	 * (`upstream()`) never sleeps.
	 *
	 * @defaultValue `"object"`
	 */
	hold?: "worker" | "object" | undefined;
	/**
	 * The plan, which limits the CPU time of the request that holds a stream: 10 ms on the free
	 * one, 30 s on a paid one. Streams that the Worker holds end before that, and their clients
	 * reconnect: after 40 events and 128 KiB, or after 100,000 and 512 MiB. A silence of 8 s counts
	 * as an event. `limits: { perStream }` of `ServerSentEvents` sets it otherwise.
	 *
	 * @defaultValue `"paid"`
	 */
	plan?: "free" | "paid" | undefined;
}

/**
 * By what was measured on workerd: 165 µs for an event or a silence, 14 ns for a byte. That counts
 * all of workerd, so it is more than the platform counts.
 */
const budgets: Readonly<Record<"free" | "paid", StreamBudget>> = {
	free: { writes: 40, bytes: 131_072 },
	paid: { writes: 100_000, bytes: 536_870_912 },
};

const defaultHold = "object";

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
		["timeout history hold plan"],
		[
			["Write history: { maxLength, maxAge }.", "maxLength maxAge"],
			["Set it in the class: extend SseChannel with options = { keepAlive }.", "keepAlive"],
			["Leave it out: each request has its own.", "scope"],
		],
	);
	const { hold = defaultHold, plan = "paid" } = options;
	if (hold !== "worker" && hold !== "object") {
		throw new ConfigurationError(
			'durableObject(): hold: must be "worker" (objects sleep while streams are silent) or ' +
				'"object" (the Worker spends no CPU per event).',
		);
	}
	if (plan !== "free" && plan !== "paid") {
		throw new ConfigurationError('durableObject(): plan: must be "free" or "paid".');
	}
	return new DurableObjectConnector(new ObjectPublishing(namespace, options), hold, budgets[plan]);
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
	readonly #subscriptions = new Set<ObjectSubscription>();

	constructor(publishing: ObjectPublishing, hold: "worker" | "object", perStream: StreamBudget) {
		this.#publishing = publishing;
		this.perStream = perStream;
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
			(signal) => this.#openSocket(channel, signal),
			handlers,
			() => this.#subscriptions.delete(subscription),
		);
		this.#subscriptions.add(subscription);
		await subscription.start();
		return subscription;
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

	async #openSocket(channel: string, signal: AbortSignal): Promise<WebSocketLike> {
		const headers = { upgrade: "websocket" };
		const response = await this.#fetch("socket", channel, {}, { signal, headers });
		const { webSocket } = response as { webSocket?: WebSocketLike | null };
		if (webSocket) return webSocket;
		throw new ConnectorError("unavailable", "The channel's object answered without a socket.");
	}

	async #fetch(
		what: "frames" | "socket",
		channel: string,
		start: Record<string, string>,
		init: { signal?: AbortSignal; headers?: Record<string, string> } = {},
	): Promise<Response> {
		const limits = this.#publishing.limitsOf?.(channel);
		// Nothing looks up the host. The channel is a query parameter, so it can hold anything.
		const query = new URLSearchParams({ channel, ...(limits && limitsQuery(limits)), ...start });
		const url = `https://channel.invalid/${what}?${query}`;
		const stub: ChannelStub = this.#publishing.stub(channel);
		const response = await this.#publishing.inTime(() => stub.fetch(url, init));
		if (response.ok || response.status === 101) return response;
		if (response.status === failureStatus) throw errorOf((await response.json()) as Failure);
		throw new ConnectorError("unavailable", `The channel's object answered ${response.status}.`);
	}
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
