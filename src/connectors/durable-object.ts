import type { Connector, PublishResult, Subscription, SubscriptionHandlers } from "../connector.ts";
import { ConnectorError, closedError } from "../errors.ts";
import { mergeFrames } from "./durable-object/merge.ts";
import {
	errorOf,
	type Failure,
	failureStatus,
	type PublishReply,
} from "./durable-object/protocol.ts";
import { ObjectSubscription } from "./durable-object/subscription.ts";

/** As much of a Durable Object's stub as is used here: `SseChannel`, seen from a Worker. */
export interface ChannelStub {
	fetch(url: string, init?: { signal?: AbortSignal }): Promise<Response>;
	publish(channel: string, payload: string): Promise<PublishReply>;
}

/** The binding of `SseChannel` in a Worker's env. */
export interface ChannelNamespace {
	idFromName(name: string): unknown;
	get(id: never): unknown;
}

export interface DurableObjectOptions {
	/** How long an object may take to answer, in ms. Default 3,000. */
	timeout?: number;
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
 *   the timeout is not a number above 0.
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
	const { timeout = 3_000 } = options;
	if (!(timeout > 0)) throw new TypeError("timeout: must be a number of milliseconds above 0.");
	return new DurableObjectConnector(namespace, timeout);
}

class DurableObjectConnector implements Connector {
	readonly name = "durable-object";
	readonly scope = "request";
	readonly #namespace: ChannelNamespace;
	readonly #timeout: number;
	readonly #subscriptions = new Set<ObjectSubscription>();
	#closed = false;

	constructor(namespace: ChannelNamespace, timeout: number) {
		this.#namespace = namespace;
		this.#timeout = timeout;
	}

	async publish(channel: string, payload: string): Promise<PublishResult> {
		this.#check(channel);
		const reply = await this.#inTime(() => this.#stub(channel).publish(channel, payload));
		if ("failure" in reply) throw errorOf(reply.failure);
		// What an RPC returns has more to it than its fields; only these go on.
		const { receivers, id } = reply;
		return id === undefined ? { receivers } : { receivers, id };
	}

	async subscribe(channel: string, handlers: SubscriptionHandlers): Promise<Subscription> {
		this.#check(channel);
		const subscription = new ObjectSubscription(
			(signal) => this.#open("payloads", channel, signal),
			handlers,
			() => this.#subscriptions.delete(subscription),
		);
		this.#subscriptions.add(subscription);
		await subscription.start();
		return subscription;
	}

	/** The objects' own streams: one is handed on untouched, so that the Worker spends no CPU per event. */
	async stream(channels: readonly string[]): Promise<ReadableStream<Uint8Array>> {
		this.#check(...channels);
		const abort = new AbortController();
		try {
			const bodies = await Promise.all(
				channels.map((channel) => this.#open("frames", channel, abort.signal)),
			);
			const [only, ...others] = bodies;
			return only !== undefined && others.length === 0 ? only : mergeFrames(bodies);
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
		signal: AbortSignal,
	): Promise<ReadableStream<Uint8Array>> {
		// The host is never looked up; the channel is a query parameter, and so can hold anything.
		const url = `https://channel.invalid/${what}?channel=${encodeURIComponent(channel)}`;
		const response = await this.#inTime(() => this.#stub(channel).fetch(url, { signal }));
		if (response.ok && response.body !== null) return response.body;
		if (response.status === failureStatus) throw errorOf((await response.json()) as Failure);
		throw new ConnectorError("unavailable", `The channel's object answered ${response.status}.`);
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
		// Objects are named in UTF-8, where half a surrogate pair has no place: two names would become one.
		if (channels.every((channel) => channel.isWellFormed())) return;
		throw new TypeError("The channel name is not well-formed Unicode.");
	}
}
