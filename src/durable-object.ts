import { DurableObject } from "cloudflare:workers";
import { memory } from "./connectors/memory.ts";
import type { HistoryLimits } from "./connectors/shared/history-limits.ts";
import { outcomeOf } from "./connectors/shared/outcome.ts";
import type {
	Connector,
	HistoryPage,
	OutgoingMessage,
	PublishResult,
	SendOptions,
} from "./core/connector.ts";
import { Connection } from "./core/delivery/connection.ts";
import { ConnectorError } from "./core/errors.ts";
import type { ServerSentEventsOptions } from "./core/options.ts";
import { BodySink, type StreamSink } from "./core/sinks/sink.ts";
import { ServerSentEvents } from "./core/sse.ts";
import { counters } from "./core/stats.ts";
import {
	failureOf,
	failureStatus,
	type Line,
	queriedLimits,
	type Reply,
	type ToldOutcome,
	told,
	toldOutcome,
} from "./durable-object/protocol.ts";
import { SqlHistory } from "./durable-object/sql-history.ts";
import {
	type KeepingConnector,
	keepingBroker,
	keepsHistory,
} from "./durable-object/with-history.ts";

export type {
	ChannelNamespace,
	ChannelStub,
	DurableObjectOptions,
} from "./durable-object/connector.ts";
export { durableObject } from "./durable-object/connector.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** What an object publishes to and subscribes from. */
interface Broker {
	/** For Workers that want no history. */
	plain: Connector;
	/** For those that do; undefined: the upstream has none. */
	keeping: KeepingConnector | undefined;
	/** The object's own history, when it is its own broker. */
	store?: SqlHistory;
}

/**
 * One channel, as a Durable Object: the hub of a process, for Workers, which have no process to
 * share. It frames once, hands the same bytes to every stream, and bounds what a slow client holds.
 *
 * ```toml
 * durable_objects.bindings = [{ name = "SSE", class_name = "SseChannel" }]
 * migrations = [{ tag = "v1", new_sqlite_classes = ["SseChannel"] }]
 * ```
 *
 * A subclass may set `options`, and `upstream` to relay a broker's channel. Whether messages are kept is for
 * `durableObject(namespace, { history })` to say. What is kept has one alarm, which frees it: a subclass with
 * an alarm of its own calls `super.alarm()` from it.
 */
export class SseChannel<Env = unknown> extends DurableObject<Env> {
	/** The object's own settings: `keepAlive`, `limits`, `onError` and so on. */
	protected readonly options: Omit<ServerSentEventsOptions, "connector"> = {};
	#broker: Broker | undefined;
	readonly #instances: { connector: Connector; prefix: string; sse: ServerSentEvents }[] = [];

	/**
	 * Another broker to publish to and to subscribe from, once per channel however many clients. It must
	 * share its I/O: `upstash({ …, scope: "process" })`. Default: none, the object is the broker.
	 *
	 * Its history is the channel's: `durableObject(namespace, { history: {} })` makes use of it.
	 */
	protected upstream(): Connector | undefined {
		return undefined;
	}

	/** Called by the connector in the Worker, as all that follows is. `limits`: with history. */
	async publish(
		channel: string,
		payload: string,
		limits?: HistoryLimits,
		options?: SendOptions,
	): Promise<Reply<PublishResult>> {
		return told(() => this.#connector(limits).publish(channel, payload, options));
	}

	/** Several messages of this channel, in order. */
	async publishAll(
		_channel: string,
		messages: readonly OutgoingMessage[],
		limits?: HistoryLimits,
	): Promise<Reply<{ outcomes: ToldOutcome[] }>> {
		return told(async () => {
			const connector = this.#connector(limits);
			// One after the other in one turn, or by the upstream's own means.
			const publishing =
				connector.publishAll?.(messages) ??
				Promise.all(
					messages.map(({ channel, payload, ...options }) =>
						outcomeOf(connector.publish(channel, payload, options)),
					),
				);
			return { outcomes: (await publishing).map(toldOutcome) };
		});
	}

	async forget(channel: string, limits: HistoryLimits): Promise<Reply<{ done: true }>> {
		return told(async () => {
			const { history } = this.#keeping(limits);
			if (history.forget === undefined) {
				throw new ConnectorError("refused", "forget(): the upstream's history cannot do that.");
			}
			await history.forget(channel);
			return { done: true };
		});
	}

	async read(
		channel: string,
		after: string,
		limit: number,
		limits: HistoryLimits,
	): Promise<Reply<HistoryPage>> {
		return told(() => this.#keeping(limits).history.read(channel, after, limit));
	}

	async head(channel: string, back: number, limits: HistoryLimits): Promise<Reply<{ id: string }>> {
		return told(async () => ({ id: await this.#keeping(limits).history.head(channel, back) }));
	}

	/** `/frames` for clients, `/payloads` for `messages()`. */
	override async fetch(request: Request): Promise<Response> {
		const { pathname, searchParams } = new URL(request.url);
		const name = searchParams.get("channel") ?? "";
		try {
			const connector = this.#connector(queriedLimits(searchParams));
			if (pathname === "/payloads") return new Response(await this.#payloads(connector, name));
			const prefix = searchParams.get("prefix") ?? "";
			return await this.#sse(connector, prefix).stream(request, {
				channel: name.slice(prefix.length),
				recent: Number(searchParams.get("recent")),
				expires: Number(searchParams.get("expires") ?? Number.POSITIVE_INFINITY),
			});
		} catch (error) {
			if (!(error instanceof ConnectorError)) throw error;
			return Response.json(failureOf(error), { status: failureStatus });
		}
	}

	/** Called by the platform: frees what has expired when nobody publishes any more. */
	override async alarm(): Promise<void> {
		this.#broker ??= this.#makeBroker();
		// A class that relays now may have kept messages before.
		await (this.#broker.store ?? new SqlHistory(this.ctx.storage)).freeExpired();
	}

	#connector(limits: HistoryLimits | undefined): Connector {
		if (limits !== undefined) return this.#keeping(limits);
		this.#broker ??= this.#makeBroker();
		return this.#broker.plain;
	}

	#keeping(limits: HistoryLimits): KeepingConnector {
		// Made with the first call, when a subclass's fields are set.
		this.#broker ??= this.#makeBroker();
		const { keeping, store } = this.#broker;
		if (store !== undefined) store.limits = limits;
		if (keeping !== undefined) return keeping;
		throw new ConnectorError(
			"refused",
			"history: the channel's object relays, and its upstream keeps none. Switch it on there, or nowhere.",
		);
	}

	#makeBroker(): Broker {
		const upstream = this.upstream();
		if (upstream !== undefined) {
			return { plain: upstream, keeping: keepsHistory(upstream) ? upstream : undefined };
		}
		const plain = memory();
		const store = new SqlHistory(this.ctx.storage);
		return { plain, keeping: keepingBroker(plain, store), store };
	}

	/** Whose streams are these Worker's: without history or with, and of channels as its clients call them. */
	#sse(connector: Connector, prefix: string): ServerSentEvents {
		const found = this.#instances.find(
			(each) => each.connector === connector && each.prefix === prefix,
		);
		if (found !== undefined) return found.sse;
		const sse = new ServerSentEvents({
			// A subscription inside the object costs nothing; one to a broker outlives a page reload.
			linger: this.#broker?.store === undefined ? 2_000 : 0,
			...this.options,
			channels: { ...this.options.channels, prefix },
			connector,
		});
		this.#instances.push({ connector, prefix, sse });
		return sse;
	}

	/** What arrives on a channel, a line each, to one reader. The same rules as for any client hold. */
	async #payloads(connector: Connector, channel: string): Promise<StreamSink["body"]> {
		const { keepAlive = 8_000, limits } = this.options;
		const connection = new Connection({
			tick: 0,
			bufferedBytes: limits?.bufferedBytes ?? 1_048_576,
			counters: counters(),
			flush: () => undefined,
			ended: () => undefined,
		});
		const sink = new BodySink(connection);
		connection.use(sink);
		const write = (text: string) => {
			// Broken off rather than left with a gap: the connector hears of it and opens another.
			if (!connection.write(encoder.encode(`${text}\n`))) connection.disconnect("slow");
		};
		const tell = (line: Line) => write(JSON.stringify(line));
		const subscription = await connector.subscribe(channel, {
			onMessage: tell,
			onLost: (error) => tell({ lost: failureOf(error) }),
			onRestored: () => tell({ restored: true }),
			onEnd: (error) => {
				tell({ end: failureOf(error) });
				connection.onDisconnect();
			},
		});
		const timer = setInterval(write, keepAlive, "");
		const ended = () => {
			clearInterval(timer);
			subscription.unsubscribe().catch((error) => console.error("edge-sse:", error));
		};
		connection.onEnd({ ended });
		return sink.body;
	}
}
