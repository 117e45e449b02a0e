import { DurableObject } from "cloudflare:workers";
import { Connection } from "../connection.ts";
import type { Connector } from "../connector.ts";
import {
	failureOf,
	failureStatus,
	type Line,
	type PublishReply,
} from "../connectors/durable-object/protocol.ts";
import { memory } from "../connectors/memory.ts";
import { ConnectorError } from "../errors.ts";
import type { ServerSentEventsOptions } from "../options.ts";
import { type StreamSink, streamSink } from "../sink.ts";
import { ServerSentEvents } from "../sse.ts";
import { counters } from "../stats.ts";

export type {
	ChannelNamespace,
	ChannelStub,
	DurableObjectOptions,
} from "../connectors/durable-object.ts";
export { durableObject } from "../connectors/durable-object.ts";

const encoder = new TextEncoder();

/**
 * One channel, as a Durable Object: the hub of a process, for Workers, which have no process to
 * share. It frames once, hands the same bytes to every stream, and bounds what a slow client holds.
 *
 * ```toml
 * durable_objects.bindings = [{ name = "SSE", class_name = "SseChannel" }]
 * migrations = [{ tag = "v1", new_sqlite_classes = ["SseChannel"] }]
 * ```
 *
 * A subclass may set `options`, and `upstream` to relay a broker's channel.
 */
export class SseChannel<Env = unknown> extends DurableObject<Env> {
	/** The object's own settings: `keepAlive`, `maxBufferedBytes`, `onError` and so on. */
	protected readonly options: Omit<ServerSentEventsOptions, "connector"> = {};
	#instance: ServerSentEvents | undefined;

	/**
	 * Another broker to publish to and to subscribe from, once per channel however many clients. It must
	 * share its I/O: `upstash({ …, scope: "process" })`. Default: none, the object is the broker.
	 */
	protected upstream(): Connector | undefined {
		return undefined;
	}

	/** Called by the connector in the Worker. */
	async publish(channel: string, payload: string): Promise<PublishReply> {
		try {
			return await this.#sse.connector.publish(channel, payload);
		} catch (error) {
			if (error instanceof ConnectorError) return { failure: failureOf(error) };
			throw error;
		}
	}

	/** Called by the connector in the Worker: `/frames` for clients, `/payloads` for `messages()`. */
	override async fetch(request: Request): Promise<Response> {
		const { pathname, searchParams } = new URL(request.url);
		const channel = searchParams.get("channel") ?? "";
		if (pathname !== "/payloads") return this.#sse.stream(request, { channel });
		try {
			return new Response(await this.#payloads(channel));
		} catch (error) {
			if (!(error instanceof ConnectorError)) throw error;
			return Response.json(failureOf(error), { status: failureStatus });
		}
	}

	// Made with the first call, when a subclass's fields are set.
	get #sse(): ServerSentEvents {
		this.#instance ??= this.#make();
		return this.#instance;
	}

	#make(): ServerSentEvents {
		const connector = this.upstream();
		return new ServerSentEvents({
			// A subscription inside the object costs nothing; one to a broker outlives a page reload.
			linger: connector === undefined ? 0 : 2_000,
			...this.options,
			// How long a name may be was the Worker's to decide.
			maxChannelLength: Number.MAX_SAFE_INTEGER,
			connector: connector ?? memory(),
		});
	}

	/** What arrives on a channel, a line each, to one reader. The same rules as for any client hold. */
	async #payloads(channel: string): Promise<StreamSink["body"]> {
		const { keepAlive = 8_000, maxBufferedBytes = 1_048_576 } = this.options;
		const sink = streamSink(() => connection.left());
		const connection = new Connection(sink, {
			tick: 0,
			maxBufferedBytes,
			counters: counters(),
			flush: () => undefined,
			ended: () => undefined,
		});
		const write = (text: string) => {
			// Broken off rather than left with a gap: the connector hears of it and opens another.
			if (!connection.write(encoder.encode(`${text}\n`))) connection.cut();
		};
		const tell = (line: Line) => write(JSON.stringify(line));
		const subscription = await this.#sse.connector.subscribe(channel, {
			onMessage: tell,
			onLost: (error) => tell({ lost: failureOf(error) }),
			onRestored: () => tell({ restored: true }),
			onEnd: (error) => {
				tell({ end: failureOf(error) });
				connection.left();
			},
		});
		const timer = setInterval(write, keepAlive, "");
		connection.onEnd(() => {
			clearInterval(timer);
			subscription.unsubscribe().catch((error) => console.error("edge-sse:", error));
		});
		return sink.body;
	}
}
