import { admit, isReady } from "./admit.ts";
import type { Connector } from "./connector.ts";
import { Control } from "./control/channel.ts";
import {
	checkedDisconnect,
	type DisconnectOptions,
	type DisconnectResult,
} from "./control/disconnect.ts";
import { endSpread } from "./delivery/connection-registry.ts";
import { Hooks } from "./hooks.ts";
import { Hubs } from "./hubs.ts";
import type { EventMap } from "./message/schema.ts";
import { type CheckedOptions, checkedOptions, type ServerSentEventsOptions } from "./options.ts";
import type { PresenceHost } from "./presence-host.ts";
import { Reading } from "./reading.ts";
import { prefersJson } from "./request/accept.ts";
import { ConnectionLimits } from "./request/connection-limits.ts";
import { askToReconnect, codedHeaders, eventStream, messagesJson } from "./request/response.ts";
import { RunHost } from "./run-host.ts";
import type { Stats } from "./stats.ts";
import type { StreamOptions } from "./stream-options.ts";
import { type StreamParts, Streams } from "./streams.ts";

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
	/** @internal Counts the streams of this process. */
	readonly connectionLimits: ConnectionLimits;
	readonly #options: CheckedOptions;
	readonly #hubs: Hubs;
	readonly #control: Control;
	readonly #parts: StreamParts;
	readonly #streams: Streams;
	readonly #closing = new AbortController();
	readonly #beforeClose = new Set<() => Promise<unknown>>();

	constructor(options: ServerSentEventsOptions<Events>) {
		const checked = checkedOptions(options);
		const hubs = new Hubs(checked);
		super(checked, hubs);
		this.#options = checked;
		this.#hubs = hubs;
		const { connections, perClient } = checked.limits;
		this.connectionLimits = new ConnectionLimits(connections, perClient?.connections ?? Infinity);
		this.#control = new Control(() => hubs.connect(), checked);
		this.#parts = {
			options: checked,
			connectionLimits: this.connectionLimits,
			hooks: new Hooks(checked),
			hubs,
			control: this.#control,
			closing: this.#closing.signal,
		};
		this.#streams = new Streams(this.#parts);
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
	 * in front of it does not.
	 *
	 * @example
	 * ```ts
	 * const { connections, messages, slowClients } = sse.stats();
	 * ```
	 */
	stats(): Stats {
		const hubs = this.#hubs.all();
		return {
			connections: hubs.reduce((sum, hub) => sum + hub.connectionCount, this.#streams.ofRuns.size),
			channels: hubs.reduce((sum, hub) => sum + hub.channels.size, 0),
			...this.#hubs.counters,
		};
	}

	/** @internal The channels of this process by their names, and how many streams each has. */
	channels(): ReadonlyMap<string, { readonly users: number }>[] {
		return this.#hubs.all().map((hub) => hub.channels);
	}

	/** @internal What `edge-sse/runs` is built on. */
	runHost(prefix: string): RunHost {
		this.reserve(prefix);
		return new RunHost({
			...this.#parts,
			streams: this.#streams.ofRuns,
			recent: this.#streams.recent,
			beforeClose: this.#beforeClose,
			isClosing: () => this.closing,
		});
	}

	/** @internal What `edge-sse/presence` is built on. */
	presenceHost(): PresenceHost {
		return this.#streams.presenceHost(this.#beforeClose);
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
		const { recent } = this.#streams;
		const mark = recent.begin();
		try {
			return await this.#answer(request, options, mark);
		} finally {
			recent.end();
		}
	}

	async #answer(request: Request, options: StreamOptions, mark: number): Promise<Response> {
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
			: await this.#streams.enter(request, options, admitted, { asJson, coding, coded, mark });
		if (typeof body === "string") return messagesJson(body, headers);
		if (body !== undefined) return eventStream(body, coded);
		this.#hubs.counters.refusedStreams++;
		return askToReconnect(request, headers);
	}

	/**
	 * Ends streams in all processes: those of a channel, of a client, or of a client in a channel.
	 * Revoke the right first: a client may come back, and `authorize` is asked.
	 *
	 * It ends streams of processes that reach the broker now. It ends none on Cloudflare Workers with
	 * `redis()` or `upstash()`, where a stream hears its channels alone.
	 *
	 * @example
	 * ```ts
	 * await sse.disconnect({ client: "42", reason: "logged out", final: true });
	 * ```
	 *
	 * @returns how many subscriptions of processes heard it.
	 * @throws {TypeError} (the promise rejects) when a field breaks its rule, or neither `channel`
	 *   nor `client` is given.
	 * @throws {ConfigurationError} on Durable Objects, when no `channel` is given.
	 * @throws {ConnectorError} when the broker could not be reached, or refused. This process's
	 *   streams are ended all the same.
	 */
	async disconnect(options: DisconnectOptions): Promise<DisconnectResult> {
		const { allowed } = this.#options.channels;
		const disconnect = checkedDisconnect(options, allowed);
		const connector = this.#hubs.connectOpen();
		// With a connector that has its own `disconnect`, the streams are in objects, or in requests that hear no control channel.
		if (connector.disconnect === undefined) this.#streams.disconnect(disconnect);
		const { receivers } = await (connector.disconnect?.(disconnect) ??
			this.#control.send("disconnect", disconnect));
		return { receivers };
	}

	/**
	 * Ends every stream with a time to reconnect, which differs per client; the runs that this process produces; then every
	 * subscription and the connector. Idempotent.
	 *
	 * @example
	 * ```ts
	 * await sse.close({ drain: 10_000 }); // before a deploy stops this process
	 * ```
	 *
	 * @param options.drain spreads the ends of the streams over this time, in ms, so that clients do not reconnect all at
	 *   once. Meanwhile new streams are turned away and messages are still delivered. 0 by default.
	 * @throws {TypeError} (the promise rejects) when `drain` is no number of 0 or more.
	 */
	async close({ drain = 0 }: { drain?: number } = {}): Promise<void> {
		if (!(drain >= 0 && drain < Infinity)) throw new TypeError("drain: must be 0 or more, in ms.");
		this.#closing.abort();
		const open = this.#hubs.all().flatMap(({ connections }) => connections);
		if (drain > 0) await endSpread([...open, ...this.#streams.ofRuns.keys()], drain);
		for (const stream of this.#streams.ofRuns.keys()) stream.askToReconnect();
		await Promise.all([...this.#beforeClose].map((stop) => stop()));
		this.#control.close();
		await this.#hubs.close();
	}
}
