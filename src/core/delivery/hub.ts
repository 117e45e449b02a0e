import type { Connector, Resume } from "../connector.ts";
import { concerns, type Disconnect } from "../control/disconnect.ts";
import { type ConnectorError, type ErrorHandler, SseError } from "../errors.ts";
import { formatCursor, parseCursor } from "../history/cursor.ts";
import type { LogMemory } from "../history/log.ts";
import type { View } from "../history/render.ts";
import { commentFrame } from "../message/frame.ts";
import type { Message } from "../message/message.ts";
import { beginning } from "../message/position.ts";
import { FlushQueue, Pacer, paced, Semaphore } from "../scheduling.ts";
import type { Sink, SinkOwner } from "../sinks/sink.ts";
import type { Counters } from "../stats.ts";
import { BrokerClock } from "./broker-clock.ts";
import { Channel, type ChannelOwner, type Outlet } from "./channel.ts";
import { Channels } from "./channels.ts";
import type { Compression } from "./compression.ts";
import { Connection, type EndReason } from "./connection.ts";
import { type ConnectionOptions, ConnectionRegistry } from "./connection-registry.ts";
import { Feed, type FeedOwner } from "./feed.ts";
import { feedKey } from "./feed-key.ts";

export interface HubOptions extends ConnectionOptions {
	/** How long a channel outlives its last client, in ms; 0: not at all. */
	linger: number;
	/** How long messages may wait for each other, in ms. */
	flushEvery: number;
	/** The compression for clients that accept it. */
	compression?: Compression | undefined;
	/** The largest message from other programs, in bytes; larger ones are dropped. */
	messageBytes: number;
	report: ErrorHandler;
	counters: Counters;
}

/** How a stream is opened. */
export interface HubResume extends Resume {
	readonly view: View;
	/** Whether the stream is compressed. */
	readonly compressed?: boolean | undefined;
	/** Makes the first events, for this client alone. */
	readonly first?: (() => Promise<readonly Message[]>) | undefined;
	/** Called once the channels are live. The stream begins when it has settled. */
	readonly attend?: (() => Promise<unknown> | undefined) | undefined;
}

/** Concurrent reads of the history for clients. */
const readsAtATime = 8;

/** Channels that are restored at the same time after an outage, so that the broker is not overloaded. */
const restorationsAtATime = 32;

/** Connects channels, feeds and connections. */
export class Hub implements ChannelOwner, FeedOwner {
	readonly bufferedBytes: number;
	readonly messageBytes: number;
	readonly report: ErrorHandler;
	readonly counters: Counters;
	readonly reads: Semaphore = new Semaphore(readsAtATime);
	readonly restorations: Semaphore = new Semaphore(restorationsAtATime);
	readonly memory: LogMemory = { tails: 0 };
	readonly compression: Compression | undefined;
	readonly clock: BrokerClock = new BrokerClock();
	readonly #connector: Connector;
	readonly #channels: Channels;
	readonly #feeds = new Map<string, Feed>();
	readonly #registry: ConnectionRegistry;
	// Not one for all hubs: on Workers each request has its own, and may not do the work of another.
	readonly flushes: FlushQueue;
	readonly #pacer = new Pacer();

	constructor(connector: Connector, options: HubOptions) {
		this.#connector = connector;
		this.bufferedBytes = options.bufferedBytes;
		this.messageBytes = options.messageBytes;
		this.report = options.report;
		this.counters = options.counters;
		this.compression = options.compression;
		this.flushes = new FlushQueue(options.flushEvery);
		const make = (name: string) => new Channel(name, connector, this);
		this.#channels = new Channels(make, options.linger);
		this.#registry = new ConnectionRegistry(options, options.counters, this.#connectionEnded);
	}

	get connectionCount(): number {
		return this.#registry.size;
	}

	get connections(): Connection[] {
		return this.#registry.connections;
	}

	/** Ends the open streams that match. */
	disconnect(disconnect: Disconnect): void {
		const meant = [...this.#registry.feeds].flatMap(([connection, { names }]) =>
			concerns(disconnect, { names, clients: connection.clients }) ? connection : [],
		);
		paced(meant, (connection) => connection.expel(disconnect));
	}

	/** By their names. Streams that are just being opened are among a channel's users. */
	get channels(): ReadonlyMap<string, Channel> {
		return this.#channels.all;
	}

	/**
	 * Opens a stream. It resolves once every channel's subscription is confirmed, so that nothing
	 * published after the first byte is missed.
	 *
	 * @param createSink makes the sink of a connection, once there is something to send.
	 * @throws {ConnectorError} when the broker is away, refuses, or the hub is closed.
	 */
	async open<S extends Sink>(
		names: readonly string[],
		{ lastEventId, recent, expires, control = false, view, compressed, first, attend }: HubResume,
		createSink: (owner: SinkOwner) => S,
	): Promise<{ connection: Connection; sink: S }> {
		await this.#pacer.pass();
		// The same channels in another order use the same feed.
		const sorted = names.toSorted();
		const channels = await this.#channels.acquire(sorted);
		const attending = attend?.();
		if (attending !== undefined) await this.#channels.during(channels, () => attending);
		let resume = lastEventId === undefined ? undefined : parseCursor(sorted, lastEventId);
		// Bun sends no headers before a first chunk, and some proxies wait for one too.
		let opening = commentFrame;
		let cursor: string | undefined;
		if (resume === undefined && recent > 0 && this.#connector.history !== undefined) {
			const back = await this.#before(channels, recent);
			resume = back;
			// While the history is empty, no message gives the client an id to resume with.
			cursor = formatCursor(sorted, back, view.named);
		}
		if (first !== undefined) {
			// Messages that are published meanwhile follow them.
			const positions = channels.map(({ position }) => position);
			const isNew = resume === undefined && this.#connector.history !== undefined;
			if (isNew) resume = positions;
			opening += (await this.#channels.during(channels, first)).join("");
			if (isNew) cursor = formatCursor(sorted, positions, view.named);
		}
		const encoder = compressed ? this.compression?.client() : undefined;
		const connection = new Connection(this.#registry, control, encoder);
		const pinged = connection.isCompressed && this.#registry.pings(connection);
		const key = feedKey(sorted, view, pinged);
		let feed = this.#feeds.get(key);
		if (feed === undefined) {
			feed = new Feed(channels, view, key, this);
			this.#feeds.set(key, feed);
		}
		const sink = createSink(connection);
		connection.use(sink);
		// Counted before it joins: what the others are then sent may show that they have gone.
		feed.users++;
		this.#registry.add(connection, feed, expires);
		feed.join(connection, { opening, cursor, ping: this.#registry.pingFor(connection), resume });
		return { connection, sink };
	}

	/**
	 * Takes channels for a reader inside this process, once their subscriptions are confirmed.
	 *
	 * @returns the channels, and what releases them; idempotent.
	 * @throws {ConnectorError} as `open` does.
	 */
	async listen(
		names: readonly string[],
		outlet: Outlet,
	): Promise<{ channels: readonly Channel[]; stop: () => void }> {
		const channels = await this.#channels.acquire(names);
		for (const channel of channels) channel.outlets.add(outlet);
		const stop = () => {
			for (const channel of channels) {
				if (channel.outlets.delete(outlet)) this.#channels.release(channel);
			}
		};
		return { channels, stop };
	}

	/** Ends every stream so that its client comes back, and leaves the broker. */
	close(): void {
		this.#registry.endAll();
		this.#channels.close();
	}

	readonly #connectionEnded = (feed: Feed, connection: Connection, reason: EndReason): void => {
		feed.leave(connection);
		if (--feed.users === 0) {
			feed.close();
			this.#feeds.delete(feed.key);
		}
		for (const channel of feed.channels) this.#channels.release(channel);
		if (reason !== "slow") return;
		this.counters.slowClients++;
		const rule =
			this.#connector.history === undefined
				? `more than ${this.bufferedBytes} bytes were buffered for it`
				: `more than ${Math.floor(this.bufferedBytes / 4)} bytes were unread for 60 s`;
		const error = new SseError("slow_consumer", `Client disconnected: ${rule}.`);
		this.report(error, { stage: "stream" });
	};

	/** Where this many of the newest messages of each channel begin. */
	#before(channels: readonly Channel[], recent: number): Promise<string[]> {
		return this.#channels.during(channels, () =>
			Promise.all(channels.map((channel) => channel.log?.before(recent) ?? beginning)),
		);
	}

	/** A channel's subscription is over and cannot heal. */
	channelEnded(channel: Channel, error: ConnectorError): void {
		this.#channels.end(channel, error);
	}
}
