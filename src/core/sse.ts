import { type Admitted, admit, isReady } from "./admit.ts";
import { prefixed } from "./channel-prefix.ts";
import type { Connector } from "./connector.ts";
import { endSpread } from "./delivery/connection-registry.ts";
import { Hub } from "./delivery/hub.ts";
import { MessageIterator, type MessagesOptions } from "./delivery/message-iterator.ts";
import { ended, type Teardown } from "./delivery/teardown.ts";
import { withFewGaps } from "./error-handler.ts";
import { ConnectorError, closedError, type ErrorHandler } from "./errors.ts";
import { Hooks } from "./hooks.ts";
import type { EventMap, MessageOf } from "./message/schema.ts";
import {
	type CheckedOptions,
	checkedOptions,
	type ServerSentEventsOptions,
	type StreamOptions,
} from "./options.ts";
import { Publishing } from "./publishing.ts";
import { ConnectionLimits, type Slot } from "./request/connection-limits.ts";
import {
	asksForControl,
	checkChannel,
	defaultChannel,
	requestedCursor,
} from "./request/request.ts";
import { askToReconnect, eventStream } from "./request/response.ts";
import { liftIdleTimeout, listenForDeparture, sinkFor } from "./sinks/host.ts";
import { counters, type Stats } from "./stats.ts";

/**
 * Publishes events to channels, and streams channels to clients. Nothing is opened before the
 * first use.
 *
 * ```ts
 * new ServerSentEvents<{ greeting: { message: string } }>({ connector }); // checked by the compiler
 * new ServerSentEvents({ connector, events: { greeting: z.object({ message: z.string() }) } }); // and when it runs
 * ```
 *
 * @throws {TypeError} when an option is out of its range.
 */
export class ServerSentEvents<Events extends object = EventMap> extends Publishing<Events> {
	/** The fetch handler, bound: streams the channels that the URL's query names, whatever its path. */
	readonly fetch: (request: Request, host?: unknown) => Promise<Response>;
	readonly #options: CheckedOptions;
	readonly #counters = counters();
	readonly #connectionLimits: ConnectionLimits;
	readonly #hooks: Hooks;
	/** What happens to streams, once for all hubs. */
	readonly #report: ErrorHandler;
	#given: Connector | undefined;
	#connector: Connector | undefined;
	#hub: Hub | undefined;
	readonly #requestHubs = new Set<Hub>();
	#closing = false;
	#closed = false;

	constructor(options: ServerSentEventsOptions<Events>) {
		const checked = checkedOptions(options);
		super(checked, () => this.#connectOpen());
		this.#options = checked;
		this.#report = withFewGaps(checked.onError);
		const { limits } = checked;
		this.#connectionLimits = new ConnectionLimits(
			limits.connections,
			limits.perClient?.connections ?? Infinity,
		);
		this.#hooks = new Hooks(this.#options);
		this.fetch = (request, host) => this.stream(request, { host });
	}

	/**
	 * The way to the broker.
	 *
	 * @throws {ConfigurationError} on first use, when the environment names no broker.
	 */
	get connector(): Connector {
		this.#connect();
		return this.#given as Connector;
	}

	/** `close()` was called. New streams are asked to come back, which is elsewhere behind a load balancer. */
	get closing(): boolean {
		return this.#closing;
	}

	/** What this instance has done so far. A Durable Object counts its streams itself, not the Worker before it. */
	stats(): Stats {
		const hubs = this.#hubs();
		return {
			connections: hubs.reduce((sum, hub) => sum + hub.connectionCount, 0),
			channels: hubs.reduce((sum, hub) => sum + hub.channelCount, 0),
			...this.#counters,
		};
	}

	/**
	 * The channel's messages from now on, for code in this process. The subscription begins with the
	 * first `next()`, so with the `for await` itself.
	 *
	 * @throws {SseError} from `next()`: `slow_consumer` when the reader falls behind by more than
	 *   `limits.bufferedBytes`; a `ConnectorError` when there is no subscription to be had.
	 */
	messages(
		channel: string = defaultChannel,
		options: MessagesOptions = {},
	): AsyncIterableIterator<MessageOf<Events>> {
		checkChannel(channel, this.#options.channels.allowed, "listen");
		// What publishers on this channel keep to is known to the types alone.
		return new MessageIterator(this.#hubFor(undefined), channel, options) as never;
	}

	/**
	 * Answers a request with an event stream. Resolves once the subscription is confirmed: a client that
	 * sees `open` misses nothing that is published after it.
	 *
	 * Final refusals have a status (400 for a bad channel, 403 for one that it may not have, 405 for another
	 * method than GET or HEAD). While the broker is away, there are too many connections, the instance is being
	 * closed, or its time is over already, the answer is a stream that ends at once and names a time to come
	 * back, for an EventSource gives up on every other status.
	 *
	 * @throws {ConfigurationError} when the environment names no broker.
	 * @throws {TypeError} when the request is no `Request`, or an option is given and breaks its rule.
	 */
	async stream(request: Request, options: StreamOptions = {}): Promise<Response> {
		if (!(await isReady(request, options))) return askToReconnect(request);
		const hasHistory = () => this.#connect(options.host).history !== undefined;
		const admitted = await admit(request, options, this.#options, hasHistory);
		if (!("names" in admitted)) {
			// What authorize turned away may be a 200, too; a preflight asks for no stream.
			if (request.method !== "OPTIONS" || !admitted.ok) this.#counters.refusedStreams++;
			return admitted;
		}
		const { headers } = admitted;
		if (request.method === "HEAD") return eventStream(null, headers);
		const over = this.#closing || admitted.expires <= Date.now();
		const body = over ? undefined : await this.#enter(request, options, admitted);
		if (body !== undefined) return eventStream(body, headers);
		this.#counters.refusedStreams++;
		return askToReconnect(request, headers);
	}

	/** @returns undefined when the client is to come back. */
	async #enter(request: Request, options: StreamOptions, admitted: Admitted) {
		const slot = this.#connectionLimits.acquire(await this.#hooks.keyOf(request, options.host));
		if (slot === undefined) return undefined;
		try {
			return await this.#open(request, options, admitted, slot);
		} catch (error) {
			slot.release();
			// Reported where it happened, once for all who were waiting.
			if (error instanceof ConnectorError) return undefined;
			throw error;
		}
	}

	async #open(
		request: Request,
		{ host, recent = 0 }: StreamOptions,
		{ names, expires }: Admitted,
		slot: Slot,
	): Promise<ReadableStream<Uint8Array>> {
		const connector = this.#connect(host);
		const lastEventId = connector.history && requestedCursor(request);
		const resume = { lastEventId, recent, expires, control: asksForControl(request) };
		if (connector.stream !== undefined) {
			slot.release(); // whoever makes the streams counts them
			return connector.stream(names, resume).catch((error: unknown) => {
				this.#options.onError(error, { stage: "subscribe" });
				throw error;
			});
		}
		const hub = this.#hubFor(host);
		const { connection, sink } = await hub.open(names, resume, sinkFor(request, host));
		const hubs = this.#requestHubs;
		if (hub !== this.#hub) hubs.add(hub);
		liftIdleTimeout(request, host);
		listenForDeparture(request, host, connection);
		const disconnected = this.#hooks.connected(names, request);
		const teardown: Teardown = { slot, request, host, connection, hubs, hub, disconnected, ended };
		connection.onEnd(teardown);
		return sink.body;
	}

	/**
	 * Ends every stream, each with a time to come back of its own, then every subscription, then the
	 * connector. Idempotent.
	 *
	 * @param options.drain spreads the ends over so many ms, so that the clients do not arrive elsewhere all at
	 *   once; new streams are turned away meanwhile, and what is published is still delivered. Default 0.
	 */
	async close({ drain = 0 }: { drain?: number } = {}): Promise<void> {
		if (!(drain >= 0 && drain < Infinity)) throw new TypeError("drain: must be 0 or more, in ms.");
		this.#closing = true;
		const open = this.#hubs().flatMap(({ connections }) => connections);
		if (drain > 0) await endSpread(open, drain);
		this.#closed = true;
		for (const hub of this.#hubs()) hub.close();
		await this.#connector?.close();
	}

	#hubs(): Hub[] {
		return [...this.#requestHubs, ...(this.#hub === undefined ? [] : [this.#hub])];
	}

	#connectOpen(): Connector {
		if (this.#closed) throw closedError("ServerSentEvents");
		return this.#connect();
	}

	#connect(host?: unknown): Connector {
		const { connector, channels } = this.#options;
		this.#given ??= typeof connector === "function" ? connector(host) : connector;
		this.#connector ??= prefixed(this.#given, channels.prefix);
		return this.#connector;
	}

	/** Where requests may not share I/O, each has a hub to itself, which leaves the broker with it. */
	#hubFor(host: unknown): Hub {
		const connector = this.#connect(host);
		if (this.#hub !== undefined) return this.#hub;
		const shared = connector.scope === "process";
		const hub = new Hub(connector, {
			...this.#options,
			...this.#options.limits,
			linger: shared ? this.#options.linger : 0,
			report: this.#report,
			counters: this.#counters,
		});
		if (this.#closed) hub.close();
		if (shared) this.#hub = hub;
		return hub;
	}
}
