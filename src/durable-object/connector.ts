import { type HistoryLimits, historyLimits } from "../connectors/shared/history-limits.ts";
import { assertWellFormed } from "../connectors/shared/well-formed.ts";
import type {
	Connector,
	History,
	HistoryOptions,
	HistoryPage,
	PublishResult,
	Resume,
	Subscription,
	SubscriptionHandlers,
} from "../core/connector.ts";
import { ConnectorError, closedError } from "../core/errors.ts";
import { live, type Positions, parseCursor } from "../core/history/cursor.ts";
import { checkNames } from "../core/known-names.ts";
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
import { ObjectSubscription } from "./subscription.ts";

/** As much of a Durable Object's stub as is used here: `SseChannel`, seen from a Worker. */
export interface ChannelStub {
	fetch(url: string, init?: { signal?: AbortSignal }): Promise<Response>;
	publish(channel: string, payload: string, history?: HistoryLimits): Promise<Reply<PublishResult>>;
	read(
		channel: string,
		after: string,
		limit: number,
		history: HistoryLimits,
	): Promise<Reply<HistoryPage>>;
	head(channel: string, back: number, history: HistoryLimits): Promise<Reply<{ id: string }>>;
}

/** The binding of `SseChannel` in a Worker's env. */
export interface ChannelNamespace {
	idFromName(name: string): unknown;
	get(id: never): unknown;
}

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

const optionNames = Object.keys({
	...{ timeout: 0, history: 0 },
} satisfies Record<keyof DurableObjectOptions, 0>);

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
	if (typeof namespace?.idFromName !== "function") {
		throw new TypeError(
			"durableObject(namespace): needs the binding of SseChannel, as env.SSE. " +
				'In wrangler.toml: durable_objects.bindings = [{ name = "SSE", class_name = "SseChannel" }].',
		);
	}
	checkNames("durableObject(): ", options, optionNames, {
		maxLength: "Write history: { maxLength }.",
		maxAge: "Write history: { maxAge }.",
		keepAlive: "It goes to the class: extend SseChannel, and set options = { keepAlive }.",
		scope: "Each request has its own; leave it out.",
	});
	const { timeout = 3_000, history } = options;
	if (!(timeout > 0)) throw new TypeError("timeout: must be a number of milliseconds above 0.");
	const limits = history && historyLimits(history);
	return new DurableObjectConnector(namespace, timeout, limits);
}

class DurableObjectConnector implements Connector {
	readonly name = "durable-object";
	readonly scope = "request";
	readonly history: History | undefined;
	readonly #namespace: ChannelNamespace;
	readonly #timeout: number;
	readonly #limits: HistoryLimits | undefined;
	readonly #subscriptions = new Set<ObjectSubscription>();
	#closed = false;

	constructor(namespace: ChannelNamespace, timeout: number, limits: HistoryLimits | undefined) {
		this.#namespace = namespace;
		this.#timeout = timeout;
		this.#limits = limits;
		this.history = limits && {
			read: async (channel, after, limit) => {
				const read = (stub: ChannelStub) => stub.read(channel, after, limit, limits);
				const { covered, messages, more, empty } = await this.#ask(channel, read);
				const page = { covered, messages, more };
				return empty === undefined ? page : { ...page, empty: { from: empty.from, to: empty.to } };
			},
			head: async (channel, back = 0) => {
				const { id } = await this.#ask(channel, (stub) => stub.head(channel, back, limits));
				return id;
			},
		};
	}

	async publish(channel: string, payload: string): Promise<PublishResult> {
		assertWellFormed("payload", payload);
		const publish = (stub: ChannelStub) => stub.publish(channel, payload, this.#limits);
		// What an RPC returns has more to it than its fields; only these go on.
		const { receivers, id } = await this.#ask(channel, publish);
		return id === undefined ? { receivers } : { receivers, id };
	}

	async subscribe(channel: string, handlers: SubscriptionHandlers): Promise<Subscription> {
		this.#check(channel);
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
		this.#check(...channels);
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
		this.#closed = true;
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
		const limits = this.#limits && limitsQuery(this.#limits);
		// The host is never looked up; the channel is a query parameter, and so can hold anything.
		const query = new URLSearchParams({ channel, ...limits, ...start });
		const url = `https://channel.invalid/${what}?${query}`;
		const response = await this.#inTime(() => this.#stub(channel).fetch(url, { signal }));
		if (response.ok && response.body !== null) return response.body;
		if (response.status === failureStatus) throw errorOf((await response.json()) as Failure);
		throw new ConnectorError("unavailable", `The channel's object answered ${response.status}.`);
	}

	async #ask<T extends object>(
		channel: string,
		call: (stub: ChannelStub) => Promise<Reply<T>>,
	): Promise<T> {
		this.#check(channel);
		const reply = await this.#inTime(() => call(this.#stub(channel)));
		if ("failure" in reply) throw errorOf(reply.failure);
		return reply;
	}

	#stub(channel: string): ChannelStub {
		const id = this.#namespace.idFromName(channel);
		// A new one each time: a stub whose object broke once stays broken.
		return this.#namespace.get(id as never) as ChannelStub;
	}

	async #inTime<T>(call: () => Promise<T>): Promise<T> {
		let timer: ReturnType<typeof setTimeout> | undefined;
		const late = new Promise<never>((_, reject) => {
			const message = `The channel's object did not answer within ${this.#timeout} ms.`;
			timer = setTimeout(() => reject(new ConnectorError("unavailable", message)), this.#timeout);
		});
		try {
			return await Promise.race([call(), late]);
		} catch (cause) {
			if (cause instanceof ConnectorError) throw cause;
			// Reset, overloaded or unreachable: the platform's error, or the object's own, is the cause.
			throw new ConnectorError("unavailable", "The channel's object failed.", { cause });
		} finally {
			clearTimeout(timer);
		}
	}

	#check(...channels: string[]): void {
		if (this.#closed) throw closedError("durable-object connector");
		for (const channel of channels) assertWellFormed("channel", channel);
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
	{ lastEventId, recent, expires, prefix = "" }: Resume,
	position: string | undefined,
): Record<string, string> {
	const query: Record<string, string> = {};
	if (position !== undefined) {
		if (position !== live) query.lastEventId = position;
	} else if (lastEventId !== undefined) query.lastEventId = unknownPosition;
	else if (recent > 0) query.recent = String(recent);
	if (expires !== Number.POSITIVE_INFINITY) query.expires = String(expires);
	if (prefix !== "") query.prefix = prefix;
	return query;
}
