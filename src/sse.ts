import type { Connector, PublishResult } from "./connector.ts";
import { encode } from "./envelope.ts";
import { ConnectorError, closedError } from "./errors.ts";
import { liftIdleTimeout, onDeparture } from "./host.ts";
import { Hub } from "./hub.ts";
import { isReserved, Message } from "./message.ts";
import { MessageIterator, type MessagesOptions } from "./messages.ts";
import {
	checkedOptions,
	type PublishOptions,
	type ServerSentEventsOptions,
	type StreamOptions,
} from "./options.ts";
import { channelProblem, defaultChannel, requestedChannels, requestedCursor } from "./request.ts";
import { comeBack, eventStream, refuse } from "./response.ts";
import { streamSink } from "./sink.ts";

/**
 * Publishes events to channels, and streams channels to clients. Nothing is opened before the
 * first use.
 *
 * @throws {TypeError} when an option is out of its range.
 */
export class ServerSentEvents {
	/**
	 * The fetch handler: streams the channels that the URL's query names, whatever its path. It is bound,
	 * and so can be handed on by itself.
	 */
	readonly fetch: (request: Request, host?: unknown, context?: unknown) => Promise<Response>;
	readonly #options: Required<ServerSentEventsOptions>;
	#connector: Connector | undefined;
	#hub: Hub | undefined;
	readonly #requestHubs = new Set<Hub>();
	#closed = false;

	constructor(options: ServerSentEventsOptions) {
		this.#options = checkedOptions(options);
		this.fetch = (request, host) => this.stream(request, { host });
	}

	/**
	 * The way to the broker.
	 *
	 * @throws {ConfigurationError} on first use, when the environment names no broker.
	 */
	get connector(): Connector {
		return this.#connect();
	}

	/** Open streams and channels of this process. Requests on Workers are counted by themselves. */
	get stats(): { connections: number; channels: number } {
		const hubs = [...this.#requestHubs, ...(this.#hub === undefined ? [] : [this.#hub])];
		return {
			connections: hubs.reduce((sum, hub) => sum + hub.connectionCount, 0),
			channels: hubs.reduce((sum, hub) => sum + hub.channelCount, 0),
		};
	}

	/**
	 * Publishes one event.
	 *
	 * @throws {TypeError} when a field breaks its rule, or JSON cannot carry the data.
	 * @throws {ConnectorError} when the broker could not be reached, or refused.
	 */
	async publish(data: unknown, options: PublishOptions = {}): Promise<PublishResult> {
		const channel = options.channel ?? defaultChannel;
		const problem = channelProblem([channel], this.#options);
		if (problem !== undefined) throw new TypeError(`Cannot publish. ${problem}`);
		const message = new Message(data, options);
		if (isReserved(message.type)) {
			throw new TypeError("Cannot publish. type: names that begin with `sse.` are edge-sse's own.");
		}
		const payload = encode(message);
		if (this.#closed) throw closedError("ServerSentEvents");
		const connector = this.#connect();
		if (connector.history !== undefined && message.id !== undefined) {
			throw new TypeError(
				"Cannot publish. id: with history the store gives every message its id; leave it out.",
			);
		}
		return connector.publish(channel, payload);
	}

	/**
	 * The channel's messages from now on, for code in this process. The subscription begins with the
	 * first `next()`, so with the `for await` itself.
	 *
	 * @throws {SseError} from `next()`: `slow_consumer` when the reader falls behind by more than
	 *   `maxBufferedBytes`; a `ConnectorError` when there is no subscription to be had.
	 */
	messages(
		channel: string = defaultChannel,
		options: MessagesOptions = {},
	): AsyncIterableIterator<Message> {
		const problem = channelProblem([channel], this.#options);
		if (problem !== undefined) throw new TypeError(`Cannot listen. ${problem}`);
		return new MessageIterator(this.#hubFor(undefined), channel, options);
	}

	/**
	 * Answers a request with an event stream. Resolves once the subscription is confirmed: a client that
	 * sees `open` misses nothing that is published after it.
	 *
	 * Final refusals have a status (400 for a bad channel, 405 for another method than GET or HEAD).
	 * While the broker is away the answer is a stream that ends at once and names a time to come back,
	 * for an EventSource gives up on every other status.
	 *
	 * @throws {ConfigurationError} when the environment names no broker.
	 * @throws {TypeError} when `recent` is no whole number of 0 or more.
	 */
	async stream(request: Request, options: StreamOptions = {}): Promise<Response> {
		if (request.method !== "GET" && request.method !== "HEAD") {
			return refuse(405, "An event stream is read with GET.", { allow: "GET, HEAD" });
		}
		const { channel, host, recent = 0 } = options;
		if (!Number.isSafeInteger(recent) || recent < 0) {
			throw new TypeError("Cannot stream. recent: must be a whole number of 0 or more.");
		}
		const names =
			channel === undefined
				? requestedChannels(request)
				: [...new Set([channel].flat() as string[])];
		const problem = channelProblem(names, this.#options);
		if (problem !== undefined) return refuse(400, problem);
		if (request.method === "HEAD") return eventStream(null);

		try {
			return eventStream(await this.#open(names, request, host, recent));
		} catch (error) {
			// Reported where it happened, once for all who were waiting.
			if (error instanceof ConnectorError) return comeBack();
			throw error;
		}
	}

	async #open(
		names: readonly string[],
		request: Request,
		host: unknown,
		recent: number,
	): Promise<ReadableStream<Uint8Array>> {
		const connector = this.#connect(host);
		const lastEventId = connector.history && requestedCursor(request);
		if (connector.stream !== undefined) {
			return connector.stream(names, { lastEventId, recent }).catch((error: unknown) => {
				this.#options.onError(error, { stage: "subscribe" });
				throw error;
			});
		}
		const hub = this.#hubFor(host);
		const { connection, sink } = await hub.open(names, lastEventId, recent, streamSink);
		if (hub !== this.#hub) this.#requestHubs.add(hub);
		liftIdleTimeout(request, host);
		const stopListening = onDeparture(request, host, () => connection.left());
		connection.onEnd(() => {
			stopListening();
			this.#requestHubs.delete(hub);
		});
		return sink.body;
	}

	/**
	 * Ends every stream, each with a time to come back of its own, then every subscription, then the
	 * connector. Idempotent.
	 */
	async close(): Promise<void> {
		this.#closed = true;
		for (const hub of [...this.#requestHubs, this.#hub]) hub?.close();
		await this.#connector?.close();
	}

	#connect(host?: unknown): Connector {
		const { connector } = this.#options;
		this.#connector ??= typeof connector === "function" ? connector(host) : connector;
		return this.#connector;
	}

	/** Where requests may not share I/O, each has a hub to itself, which leaves the broker with it. */
	#hubFor(host: unknown): Hub {
		const connector = this.#connect(host);
		if (this.#hub !== undefined) return this.#hub;
		const { keepAlive, linger, maxBufferedBytes } = this.#options;
		const shared = connector.scope === "process";
		const hub = new Hub(connector, {
			keepAlive,
			linger: shared ? linger : 0,
			maxBufferedBytes,
			report: this.#options.onError,
		});
		if (this.#closed) hub.close();
		if (shared) this.#hub = hub;
		return hub;
	}
}
