/**
 * Fan-out on Cloudflare without a broker: one Durable Object per channel.
 *
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
 * @module
 */

import { DurableObject } from "cloudflare:workers";
import type { HistoryLimits } from "./connectors/shared/history-limits.ts";
import type {
	Connector,
	HistoryPage,
	OutgoingMessage,
	PublishResult,
	SendOptions,
} from "./core/connector.ts";
import { ConnectorError } from "./core/errors.ts";
import { withPublishAll } from "./core/one-by-one.ts";
import type { ServerSentEventsOptions } from "./core/options.ts";
import { Instances } from "./durable-object/instances.ts";
import { type Broker, brokerOf, keepingOf } from "./durable-object/object-broker.ts";
import {
	type Ending,
	type Reply,
	type ToldOutcome,
	type TooLate,
	told,
	toldOutcome,
	tooLate,
} from "./durable-object/protocol.ts";
import { answerRunCall, type RunCall } from "./durable-object/runs.ts";
import { SqlHistory } from "./durable-object/sql-history.ts";
import { answerStream } from "./durable-object/stream-request.ts";
import type { KeepingConnector } from "./durable-object/with-history.ts";

export type {
	ChannelNamespace,
	ChannelStub,
	DurableObjectOptions,
} from "./durable-object/connector.ts";
export { durableObject } from "./durable-object/connector.ts";

/** As the host's own types have it: in a Worker's project, Cloudflare's. */
type Socket = Parameters<NonNullable<DurableObject["webSocketMessage"]>>[0];

/**
 * One channel, as a Durable Object. It is the hub that Workers lack, because they share no
 * process. It frames each message once, hands the same bytes to every stream, and limits what a
 * slow client may buffer.
 *
 * ```toml
 * durable_objects.bindings = [{ name = "SSE", class_name = "SseChannel" }]
 * migrations = [{ tag = "v1", new_sqlite_classes = ["SseChannel"] }]
 * ```
 *
 * A subclass may set `options`, and `upstream` to relay another broker's channel. Whether
 * messages are kept is set by `durableObject(namespace, { history })`. One alarm frees what has
 * expired, so a subclass with its own alarm calls `super.alarm()`.
 *
 * @example
 * ```ts
 * import { SseChannel as Base } from "edge-sse/durable-object";
 *
 * export class SseChannel extends Base {
 * 	protected override options = { keepAlive: 15_000, limits: { connections: 5_000 } };
 * }
 * ```
 *
 * @see https://developers.cloudflare.com/durable-objects/
 */
export class SseChannel<Env = unknown> extends DurableObject<Env> {
	/** The object's own settings: `keepAlive`, `limits`, `onError` and so on. */
	protected readonly options: Omit<ServerSentEventsOptions, "connector"> = {};
	#made: Broker | undefined;
	readonly #instances = new Instances();

	/**
	 * Another broker to publish to and to subscribe from, once per channel for all its clients.
	 * It must share its I/O: `upstash({ …, scope: "process" })`. By default there is none: the
	 * object is the broker.
	 *
	 * Its history is the channel's, and `durableObject(namespace, { history: {} })` uses it.
	 *
	 * @example
	 * ```ts
	 * import { SseChannel as Base } from "edge-sse/durable-object";
	 * import { upstash } from "edge-sse/upstash";
	 *
	 * export class SseChannel extends Base {
	 * 	protected override upstream() {
	 * 		return upstash({ scope: "process" });
	 * 	}
	 * }
	 * ```
	 */
	protected upstream(): Connector | undefined {
		return undefined;
	}

	/**
	 * @internal Called by the connector. `limits` is there when the Worker wants history, and `until` is the latest time
	 *   at which it is to be done.
	 */
	async publish(
		channel: string,
		payload: string,
		limits?: HistoryLimits,
		{ until, ...options }: SendOptions & { until?: number } = {},
	): Promise<Reply<PublishResult> | TooLate> {
		return tooLate(until) ?? told(() => this.#connector(limits).publish(channel, payload, options));
	}

	/** @internal Called by the connector, with several messages of this channel, in order. */
	async publishAll(
		_channel: string,
		messages: readonly OutgoingMessage[],
		limits?: HistoryLimits,
		until?: number,
	): Promise<Reply<{ outcomes: ToldOutcome[] }> | TooLate> {
		const publishing = async () => {
			const outcomes = await withPublishAll(this.#connector(limits)).publishAll(messages);
			return { outcomes: outcomes.map(toldOutcome) };
		};
		return tooLate(until) ?? told(publishing);
	}

	/** @internal Called by the connector: a run, where there is one. */
	async run(channel: string, call: RunCall): Promise<Reply<{ json: string }>> {
		return told(() => answerRunCall(this.#broker.runs, channel, call));
	}

	/** @internal Called by the connector in the Worker. */
	async forget(channel: string, limits: HistoryLimits): Promise<Reply<{ done: true }>> {
		return told(async () => {
			const { history } = this.#keeping(limits);
			if (history.forget === undefined) {
				throw new ConnectorError("refused", "forget(): the upstream cannot delete.");
			}
			await history.forget(channel);
			return { done: true };
		});
	}

	/** @internal Called by the connector in the Worker. */
	async read(
		channel: string,
		after: string,
		limit: number,
		limits: HistoryLimits,
	): Promise<Reply<HistoryPage>> {
		return told(() => this.#keeping(limits).history.read(channel, after, limit));
	}

	/** @internal Called by the connector in the Worker. */
	async head(channel: string, back: number, limits: HistoryLimits): Promise<Reply<{ id: string }>> {
		return told(async () => ({ id: await this.#keeping(limits).history.head(channel, back) }));
	}

	/** @internal Called by the connector: ends streams, and tells Workers to. */
	async disconnect(channel: string, ending: Ending): Promise<Reply<PublishResult>> {
		return told(async () => {
			const workers = this.#broker.disconnect(ending);
			return { receivers: workers + (await this.#instances.disconnect(channel, ending)) };
		});
	}

	/** @internal Called by the connector: a page of those whose streams are here. */
	async members(after: string, limit: number): Promise<Reply<{ json: string }>> {
		return told(async () => {
			const { sockets, members } = this.#broker;
			return { json: JSON.stringify((sockets ?? members).page(after, limit)) };
		});
	}

	/** @internal Called by the connector: `/frames` for a client, `/socket` for a Worker. */
	override async fetch(request: Request): Promise<Response> {
		return answerStream(request, {
			connector: (limits) => this.#connector(limits),
			broker: this.#broker,
			instances: this.#instances,
			options: this.options,
		});
	}

	/**
	 * Called by the platform. It frees what has expired when nobody publishes any more.
	 *
	 * @example
	 * ```ts
	 * import { SseChannel as Base } from "edge-sse/durable-object";
	 *
	 * export class SseChannel extends Base {
	 * 	override async alarm() {
	 * 		await super.alarm(); // before or after what your own alarm does
	 * 	}
	 * }
	 * ```
	 */
	override async alarm(): Promise<void> {
		// An earlier version of this class may have kept messages.
		const store = this.#broker.store ?? new SqlHistory(this.ctx.storage);
		await store.freeExpired(await this.#broker.ownRuns?.freeExpired());
	}

	/** @internal Called by the platform, which wakes the object: a Worker confirms what it has read. */
	override webSocketMessage(socket: Socket, message: string | ArrayBuffer): void {
		this.#broker.sockets?.receive(socket, message);
	}

	/** @internal Called by the platform, which wakes the object: a Worker has left. */
	override webSocketClose(socket: Socket): void {
		this.#broker.sockets?.leave(socket);
	}

	/** @internal Called by the platform: a Worker has broken off. */
	override webSocketError(socket: Socket): void {
		this.#broker.sockets?.leave(socket);
	}

	/** Made on the first call, when a subclass's fields are set. */
	get #broker(): Broker {
		const { limits: { connections = Infinity, bufferedBytes = 1_048_576 } = {}, linger = 2_000 } =
			this.options;
		this.#made ??= brokerOf({
			upstream: this.upstream(),
			ctx: this.ctx,
			limits: { connections, bufferedBytes },
			linger,
		});
		return this.#made;
	}

	#connector(limits: HistoryLimits | undefined): Connector {
		return limits === undefined ? this.#broker.plain : this.#keeping(limits);
	}

	#keeping(limits: HistoryLimits): KeepingConnector {
		return keepingOf(this.#broker, limits);
	}
}
