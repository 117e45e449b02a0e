import { type Admitted, admit, isReady } from "./admit.ts";
import type { Connector } from "./connector.ts";
import { type Ending, endSpread } from "./delivery/connection-registry.ts";
import { selectionOf } from "./delivery/selection.ts";
import { ended, type Teardown } from "./delivery/teardown.ts";
import { ConnectorError } from "./errors.ts";
import { firstFrames } from "./first.ts";
import { Hooks } from "./hooks.ts";
import { Hubs } from "./hubs.ts";
import type { EventMap } from "./message/schema.ts";
import { type CheckedOptions, checkedOptions, type ServerSentEventsOptions } from "./options.ts";
import { poll } from "./poll.ts";
import { Reading } from "./reading.ts";
import { prefersJson } from "./request/accept.ts";
import { ConnectionLimits, type Slot } from "./request/connection-limits.ts";
import {
	asksForControl,
	asksForEnvelope,
	asksForNamedCursor,
	requestedCursor,
} from "./request/request.ts";
import { askToReconnect, codedHeaders, eventStream, messagesJson } from "./request/response.ts";
import { RunHost } from "./run-host.ts";
import { liftIdleTimeout, listenForDeparture, sinkFor } from "./sinks/host.ts";
import type { Stats } from "./stats.ts";
import { checkOwnStreams, type StreamOptions } from "./stream-options.ts";

/** How a request is answered that may read. */
interface Form {
	asJson: boolean;
	/** The coding of the stream. */
	coding: string | undefined;
}

/**
 * Publishes events to channels, and streams channels to clients. It opens nothing before the
 * first use.
 *
 * @example
 * ```ts
 * type Events = { greeting: { message: string } };
 * const sse = new ServerSentEvents<Events>({ connector: redis("redis://localhost:6379") });
 * await sse.publish({ message: "Hello!" }, { type: "greeting" }); // checked by the compiler
 * app.get("/stream", (c) => sse.fetch(c.req.raw, c.env));
 * ```
 *
 * @throws {TypeError} when an option is out of its range.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class ServerSentEvents<Events extends object = EventMap> extends Reading<Events> {
	/**
	 * The fetch handler, bound to this instance. It streams the channels in the URL's query, on
	 * any path.
	 *
	 * @example
	 * ```ts
	 * export default { fetch: sse.fetch }; // a whole server on Bun, Deno or Workers
	 * ```
	 */
	readonly fetch: (request: Request, host?: unknown) => Promise<Response>;
	readonly #options: CheckedOptions;
	readonly #connectionLimits: ConnectionLimits;
	readonly #hooks: Hooks;
	readonly #hubs: Hubs;
	readonly #closing = new AbortController();
	readonly #runStreams = new Set<Ending>();

	constructor(options: ServerSentEventsOptions<Events>) {
		const checked = checkedOptions(options);
		const hubs = new Hubs(checked);
		super(checked, hubs);
		this.#options = checked;
		this.#hubs = hubs;
		const { limits } = checked;
		this.#connectionLimits = new ConnectionLimits(
			limits.connections,
			limits.perClient?.connections ?? Infinity,
		);
		this.#hooks = new Hooks(this.#options);
		this.fetch = (request, host) => this.stream(request, { host });
	}

	/**
	 * The connector.
	 *
	 * @throws {ConfigurationError} on first use, when the environment names no broker.
	 */
	get connector(): Connector {
		return this.#hubs.given;
	}

	/**
	 * Whether `close()` was called. New streams are then told to reconnect; behind a load
	 * balancer they land on another instance.
	 */
	get closing(): boolean {
		return this.#closing.signal.aborted;
	}

	/**
	 * What this instance has done so far. A Durable Object counts its own streams; the Worker
	 * before it does not.
	 *
	 * @example
	 * ```ts
	 * const { connections, messages, slowClients } = sse.stats();
	 * ```
	 */
	stats(): Stats {
		const hubs = this.#hubs.all();
		return {
			connections: hubs.reduce((sum, hub) => sum + hub.connectionCount, this.#runStreams.size),
			channels: hubs.reduce((sum, hub) => sum + hub.channelCount, 0),
			...this.#hubs.counters,
		};
	}

	/** @internal Streams of a channel in this process. */
	streamsOf(channel: string): number {
		return this.#hubs.all().reduce((sum, hub) => sum + hub.streamsOf(channel), 0);
	}

	/** @internal What `edge-sse/runs` is built on. */
	runHost(prefix: string): RunHost {
		this.reserve(prefix);
		return new RunHost({
			options: this.#options,
			connectionLimits: this.#connectionLimits,
			hooks: this.#hooks,
			hubs: this.#hubs,
			streams: this.#runStreams,
			isClosing: () => this.closing,
		});
	}

	/**
	 * Answers a request with an event stream. It resolves once the subscription is confirmed: a
	 * client that sees `open` misses no later message.
	 *
	 * A final refusal has a status: 400 for a bad channel, 403 for a forbidden one, 405 for a
	 * method other than GET or HEAD. An EventSource gives up on those. So a passing refusal is a
	 * stream that ends at once and names a time to reconnect: the broker is away, there are too
	 * many connections, the instance is closing, or the stream's time is over.
	 *
	 * @example
	 * ```ts
	 * app.get("/rooms/:room", (c) =>
	 * 	sse.stream(c.req.raw, { channel: `room.${c.req.param("room")}`, host: c.env }),
	 * );
	 * ```
	 *
	 * @throws {ConfigurationError} when the environment names no broker.
	 * @throws {TypeError} when the request is no `Request`, or an option breaks its rule.
	 */
	async stream(request: Request, options: StreamOptions = {}): Promise<Response> {
		if (!(await isReady(request, options))) return askToReconnect(request);
		const hasHistory = () => this.#hubs.connect(options.host).history !== undefined;
		const admitted = await admit(request, options, this.#options, hasHistory);
		if (!("names" in admitted)) {
			// A Response from authorize may be a 200 and still refuse the stream. A preflight asks for
			// no stream.
			if (request.method !== "OPTIONS" || !admitted.ok) this.#hubs.counters.refusedStreams++;
			return admitted;
		}
		const { headers } = admitted;
		const asJson = prefersJson(request);
		const { compress } = this.#options;
		const coding = !asJson && compress?.accepts(request) ? compress.coding : undefined;
		const coded = compress === undefined ? headers : codedHeaders(headers, coding);
		if (request.method === "HEAD") {
			return asJson ? messagesJson(null, headers) : eventStream(null, coded);
		}
		const over = this.closing || admitted.expires <= Date.now();
		const body = over
			? undefined
			: await this.#enter(request, options, admitted, { asJson, coding });
		if (typeof body === "string") return messagesJson(body, headers);
		if (body !== undefined) return eventStream(body, coded);
		this.#hubs.counters.refusedStreams++;
		return askToReconnect(request, headers);
	}

	/** @returns a stream, or the text of JSON; undefined when the client is to come back later. */
	async #enter(request: Request, options: StreamOptions, admitted: Admitted, form: Form) {
		const slot = this.#connectionLimits.acquire(await this.#hooks.keyOf(request, options.host));
		if (slot === undefined) return undefined;
		try {
			if (!form.asJson) return await this.#open(request, options, admitted, slot, form.coding);
			const reader = { ...admitted, host: options.host, selection: this.#selectionOf(options) };
			const text = await poll(request, reader, this.#hubs, this.#closing.signal);
			slot.release();
			return text;
		} catch (error) {
			slot.release();
			// It was reported where it happened, once for all waiting requests.
			if (error instanceof ConnectorError) return undefined;
			throw error;
		}
	}

	#selectionOf({ types, filter }: StreamOptions) {
		return selectionOf(types, filter, this.#options.onError);
	}

	async #open(
		request: Request,
		options: StreamOptions,
		{ names, expires }: Admitted,
		slot: Slot,
		coding: string | undefined,
	): Promise<ReadableStream<Uint8Array>> {
		const { host, recent = 0, envelope = asksForEnvelope(request), types } = options;
		const connector = this.#hubs.connect(host);
		const lastEventId = connector.history && requestedCursor(request);
		const control = asksForControl(request);
		const named = asksForNamedCursor(request);
		const resume = { lastEventId, recent, expires, control, envelope, named, types };
		if (connector.stream !== undefined) {
			checkOwnStreams(options);
			slot.release(); // the broker that makes the streams counts them
			return connector.stream(names, resume).catch((error: unknown) => {
				this.#options.onError(error, { stage: "subscribe" });
				throw error;
			});
		}
		const hub = this.#hubs.hubFor(host);
		const view = { envelope, named, selection: this.#selectionOf(options) };
		const first = firstFrames(options.first, lastEventId, this.#options.onError);
		const opening = { ...resume, view, compressed: coding !== undefined, first };
		const { connection, sink } = await hub.open(names, opening, sinkFor(request, host));
		this.#hubs.keep(hub);
		liftIdleTimeout(request, host);
		listenForDeparture(request, host, connection);
		const disconnected = this.#hooks.connected(names, request);
		const hubs = this.#hubs.ofRequests;
		const teardown: Teardown = { slot, request, host, connection, hubs, hub, disconnected, ended };
		connection.onEnd(teardown);
		return sink.body;
	}

	/**
	 * Ends every stream with a time to reconnect, which differs per client. Then ends every
	 * subscription and the connector. Idempotent.
	 *
	 * @example
	 * ```ts
	 * await sse.close({ drain: 10_000 }); // before a deploy stops this process
	 * ```
	 *
	 * @param options.drain spreads the ends of the streams over this time, in ms, so that clients
	 *   do not reconnect all at once. Meanwhile new streams are turned away and messages are
	 *   still delivered. 0 by default.
	 * @throws {TypeError} (the promise rejects) when `drain` is no number of 0 or more.
	 */
	async close({ drain = 0 }: { drain?: number } = {}): Promise<void> {
		if (!(drain >= 0 && drain < Infinity)) throw new TypeError("drain: must be 0 or more, in ms.");
		this.#closing.abort();
		const open = this.#hubs.all().flatMap(({ connections }) => connections);
		if (drain > 0) await endSpread([...open, ...this.#runStreams], drain);
		for (const stream of this.#runStreams) stream.askToReconnect();
		await this.#hubs.close();
	}
}
