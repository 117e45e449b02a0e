import { DurableObject } from "cloudflare:workers";
import type { Connector, PublishResult } from "../connector.ts";
import { memory } from "../connectors/memory.ts";
import { streamSink } from "../sink.ts";
import { ServerSentEvents, type ServerSentEventsOptions } from "../sse.ts";

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
	async publish(channel: string, payload: string): Promise<PublishResult> {
		return this.#sse.connector.publish(channel, payload);
	}

	/** Called by the connector in the Worker: `/frames` for clients, `/payloads` for `messages()`. */
	override async fetch(request: Request): Promise<Response> {
		const { pathname, searchParams } = new URL(request.url);
		if (pathname !== "/payloads") return this.#sse.fetch(request);
		return this.#payloads(searchParams.get("channel") ?? "");
	}

	// Made with the first call, when a subclass's fields are set.
	get #sse(): ServerSentEvents {
		this.#instance ??= this.#make();
		return this.#instance;
	}

	#make(): ServerSentEvents {
		const connector = this.upstream();
		// A subscription inside the object costs nothing; one to a broker outlives a page reload.
		const linger = connector === undefined ? 0 : 2_000;
		return new ServerSentEvents({ linger, ...this.options, connector: connector ?? memory() });
	}

	async #payloads(channel: string): Promise<Response> {
		const leave = () => {
			clearInterval(timer);
			subscription.unsubscribe().catch((error) => console.error("edge-sse:", error));
		};
		const sink = streamSink(leave);
		const write = (line: string) => {
			try {
				sink.write(encoder.encode(`${line}\n`));
			} catch {
				leave(); // a failing write is a sign that the reader has gone
			}
		};
		const subscription = await this.#sse.connector.subscribe(channel, {
			onMessage: (payload) => write(JSON.stringify(payload)),
			onLost: () => undefined,
			onRestored: () => undefined,
			onEnd: () => sink.end(),
		});
		const timer = setInterval(() => write(""), this.options.keepAlive ?? 8_000);
		write("");
		return new Response(sink.body);
	}
}
