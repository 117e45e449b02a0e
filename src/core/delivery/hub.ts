import type { Connector, Resume } from "../connector.ts";
import { type ConnectorError, closedError, type ErrorHandler, SseError } from "../errors.ts";
import { formatCursor, parseCursor } from "../history/cursor.ts";
import type { LogMemory } from "../history/log.ts";
import type { View } from "../history/render.ts";
import { commentFrame, cursorFrame } from "../message/frame.ts";
import { beginning } from "../message/position.ts";
import { Batch, Pacer, Semaphore } from "../scheduling.ts";
import type { Sink, SinkOwner } from "../sinks/sink.ts";
import type { Counters } from "../stats.ts";
import { BrokerClock } from "./broker-clock.ts";
import { Channel, type ChannelOwner, type Outlet } from "./channel.ts";
import { Connection, type EndReason } from "./connection.ts";
import { type ConnectionOptions, ConnectionRegistry } from "./connection-registry.ts";
import { Feed, type FeedOwner, feedKey } from "./feed.ts";

export interface HubOptions extends ConnectionOptions {
	/** How long a channel outlives its last client, in ms; 0: not at all. */
	linger: number;
	/** A foreign message, in bytes; a larger one is dropped. */
	messageBytes: number;
	report: ErrorHandler;
	counters: Counters;
}

/** How a stream is opened. */
export interface HubResume extends Resume {
	readonly view: View;
	/** Makes the events of this client's own that come first. */
	readonly first?: (() => Promise<string>) | undefined;
}

/** Reads of the history that may be under way at a time for clients, however many ask. */
const readsAtATime = 8;

/** Channels that are restored at a time after the broker was away: all of them at once would be a storm. */
const restorationsAtATime = 32;

/** Who listens to what: channels, feeds and connections. */
export class Hub implements ChannelOwner, FeedOwner {
	readonly bufferedBytes: number;
	readonly messageBytes: number;
	readonly report: ErrorHandler;
	readonly counters: Counters;
	readonly reads: Semaphore = new Semaphore(readsAtATime);
	readonly restorations: Semaphore = new Semaphore(restorationsAtATime);
	readonly memory: LogMemory = { tails: 0 };
	readonly clock: BrokerClock = new BrokerClock();
	readonly #connector: Connector;
	readonly #linger: number;
	readonly #channels = new Map<string, Channel>();
	readonly #feeds = new Map<string, Feed>();
	readonly #registry: ConnectionRegistry;
	// Not one for all hubs: on Workers each request has its own, and may not do the work of another.
	readonly batch: Batch = new Batch();
	readonly #pacer = new Pacer();
	readonly #lingering = new Map<Channel, ReturnType<typeof setTimeout>>();
	#closed = false;

	constructor(connector: Connector, options: HubOptions) {
		this.#connector = connector;
		this.#linger = options.linger;
		this.bufferedBytes = options.bufferedBytes;
		this.messageBytes = options.messageBytes;
		this.report = options.report;
		this.counters = options.counters;
		this.#registry = new ConnectionRegistry(options, options.counters, this.#connectionEnded);
	}

	get connectionCount(): number {
		return this.#registry.size;
	}

	get connections(): Connection[] {
		return this.#registry.connections;
	}

	/** Those that are just being opened included. */
	streamsOf(channel: string): number {
		return this.#channels.get(channel)?.users ?? 0;
	}

	get channelCount(): number {
		return this.#channels.size;
	}

	/**
	 * Opens a stream. It resolves once every channel's subscription is confirmed, so that nothing
	 * published after the first byte is missed.
	 *
	 * @param createSink makes the way out, once there is something to send; it is told whose.
	 * @throws {ConnectorError} when the broker is away, refuses, or the hub is closed.
	 */
	async open<S extends Sink>(
		names: readonly string[],
		{ lastEventId, recent, expires, control = false, view, first }: HubResume,
		createSink: (owner: SinkOwner) => S,
	): Promise<{ connection: Connection; sink: S }> {
		await this.#pacer.pass();
		// The same channels in another order use the same feed.
		const sorted = names.toSorted();
		const channels = await this.#acquireAll(sorted);
		let resume = lastEventId === undefined ? undefined : parseCursor(sorted, lastEventId);
		// Bun sends no headers before a first chunk, and some proxies wait for one too.
		let opening = commentFrame;
		if (resume === undefined && recent > 0 && this.#connector.history !== undefined) {
			const back = await this.#before(channels, recent);
			resume = back;
			// Where nothing is kept yet, no message brings it an id to come back with.
			opening += cursorFrame(formatCursor(sorted, back));
		}
		if (first !== undefined) {
			// What is published while they are made follows them.
			const positions = channels.map(({ position }) => position);
			const isNew = resume === undefined && this.#connector.history !== undefined;
			if (isNew) resume = positions;
			opening += await this.#made(channels, first);
			if (isNew) opening += cursorFrame(formatCursor(sorted, positions));
		}
		const key = feedKey(sorted, view);
		let feed = this.#feeds.get(key);
		if (feed === undefined) {
			feed = new Feed(channels, view, this);
			this.#feeds.set(key, feed);
		}
		const connection = new Connection(this.#registry, control);
		const sink = createSink(connection);
		connection.use(sink);
		// Counted before it joins: what the others are then sent may show that they have gone.
		feed.users++;
		this.#registry.add(connection, feed, expires);
		feed.join(connection, opening, this.#registry.pingFor(connection), resume);
		return { connection, sink };
	}

	/**
	 * Takes a channel for a reader inside this process, once its subscription is confirmed.
	 *
	 * @returns the channel, and what gives it back; idempotent.
	 * @throws {ConnectorError} as `open` does.
	 */
	async listen(
		names: readonly string[],
		outlet: Outlet,
	): Promise<{ channels: readonly Channel[]; stop: () => void }> {
		const channels = await this.#acquireAll(names);
		for (const channel of channels) channel.outlets.add(outlet);
		const stop = () => {
			for (const channel of channels) {
				if (channel.outlets.delete(outlet)) this.#release(channel);
			}
		};
		return { channels, stop };
	}

	/** Ends every stream so that its client comes back, and leaves the broker. */
	close(): void {
		this.#closed = true;
		this.#registry.endAll();
		const error = closedError("ServerSentEvents");
		for (const channel of this.#channels.values()) {
			for (const outlet of [...channel.outlets]) outlet.onEnd(channel, error);
			this.#drop(channel);
		}
	}

	// The last to leave a channel starts its linger.
	readonly #connectionEnded = (feed: Feed, connection: Connection, reason: EndReason): void => {
		feed.leave(connection);
		if (--feed.users === 0) {
			feed.close();
			this.#feeds.delete(feed.key);
		}
		for (const channel of feed.channels) this.#release(channel);
		if (reason !== "slow") return;
		this.counters.slowClients++;
		const rule =
			this.#connector.history === undefined
				? `more than ${this.bufferedBytes} bytes were buffered for it`
				: "it read nothing for 60 s while data was buffered";
		const error = new SseError("slow_consumer", `Client disconnected: ${rule}.`);
		this.report(error, { stage: "stream" });
	};

	async #acquireAll(names: readonly string[]): Promise<Channel[]> {
		if (this.#closed) throw closedError("ServerSentEvents");
		const channels = names.map((name) => this.#acquire(name));
		try {
			await Promise.all(channels.map((channel) => channel.live));
			const refreshing = channels.flatMap((channel) => channel.refresh() ?? []);
			if (refreshing.length > 0) await Promise.all(refreshing);
			this.#checkOpen(channels);
		} catch (error) {
			for (const channel of channels) this.#release(channel);
			throw error;
		}
		return channels;
	}

	/** Where this many of the newest messages of each channel begin. */
	#before(channels: readonly Channel[], recent: number): Promise<string[]> {
		return this.#made(channels, () =>
			Promise.all(channels.map((channel) => channel.log?.before(recent) ?? beginning)),
		);
	}

	/** Gives the channels back where that fails. */
	async #made<T>(channels: readonly Channel[], make: () => Promise<T>): Promise<T> {
		try {
			const made = await make();
			this.#checkOpen(channels);
			return made;
		} catch (error) {
			for (const channel of channels) this.#release(channel);
			throw error;
		}
	}

	/** @throws {ConnectorError} when it was closed, or a channel ended, during an `await`. */
	#checkOpen(channels: readonly Channel[]): void {
		if (this.#closed || channels.some((channel) => channel.ended)) {
			throw closedError("ServerSentEvents");
		}
	}

	#acquire(name: string): Channel {
		let channel = this.#channels.get(name);
		if (channel === undefined) {
			channel = new Channel(name, this.#connector, this);
			this.#channels.set(name, channel);
			// A failed subscription must not be handed to the next who asks.
			const failed = channel;
			channel.live.catch(() => this.#drop(failed));
		}
		channel.users++;
		clearTimeout(this.#lingering.get(channel));
		this.#lingering.delete(channel);
		return channel;
	}

	#release(channel: Channel): void {
		channel.users--;
		if (channel.users > 0 || this.#channels.get(channel.name) !== channel) return;
		if (this.#linger === 0) this.#drop(channel);
		else
			this.#lingering.set(
				channel,
				setTimeout(() => this.#drop(channel), this.#linger),
			);
	}

	#drop(channel: Channel): void {
		clearTimeout(this.#lingering.get(channel));
		this.#lingering.delete(channel);
		if (this.#channels.get(channel.name) === channel) this.#channels.delete(channel.name);
		channel.end();
	}

	/** A channel's subscription is over and cannot heal. */
	channelEnded(channel: Channel, error: ConnectorError): void {
		this.#drop(channel);
		for (const outlet of [...channel.outlets]) outlet.onEnd(channel, error);
	}

	// The subscription cannot heal. Its clients are told to reconnect, which subscribes again.
	readonly onEnd = (feed: Feed): void => {
		for (const connection of feed.connections) connection.askToReconnect();
	};
}
