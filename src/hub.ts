import { Channel, type Outlet } from "./channel.ts";
import { Connection, type ConnectionOwner, type EndReason } from "./connection.ts";
import type { Connector } from "./connector.ts";
import { parseCursor } from "./cursor.ts";
import { type ConnectorError, closedError, type ErrorHandler, SseError } from "./errors.ts";
import { Feed } from "./feed.ts";
import { commentFrame } from "./frame.ts";
import { Gate } from "./gate.ts";
import type { Sink } from "./sink.ts";

export interface HubOptions {
	/** Silence on a stream after which a comment is sent, in ms. */
	keepAlive: number;
	/** How long a channel outlives its last client, in ms; 0: not at all. */
	linger: number;
	/** What one client may leave unread, in bytes. */
	maxBufferedBytes: number;
	report: ErrorHandler;
}

const comment = new TextEncoder().encode(commentFrame);

/** The timer runs this often per keep-alive period: a comment is at most a quarter of it early. */
const ticksPerKeepAlive = 4;

/** Reads of the history that may be under way at a time, whoever asks for them. */
const readsAtATime = 8;

/** Who listens to what: channels, feeds, connections, and the one timer that keeps them all alive. */
export class Hub implements ConnectionOwner {
	readonly maxBufferedBytes: number;
	readonly report: ErrorHandler;
	tick = 0;
	readonly #connector: Connector;
	readonly #options: HubOptions;
	readonly #channels = new Map<string, Channel>();
	readonly #feeds = new Map<string, Feed>();
	readonly #connections = new Map<Connection, Feed>();
	readonly #gate = new Gate(readsAtATime);
	readonly #lingering = new Map<Channel, ReturnType<typeof setTimeout>>();
	#timer: ReturnType<typeof setInterval> | undefined;
	#closed = false;

	constructor(connector: Connector, options: HubOptions) {
		this.#connector = connector;
		this.#options = options;
		this.maxBufferedBytes = options.maxBufferedBytes;
		this.report = options.report;
	}

	get connectionCount(): number {
		return this.#connections.size;
	}

	get channelCount(): number {
		return this.#channels.size;
	}

	/**
	 * Opens a stream. It resolves once every channel's subscription is confirmed, so that nothing
	 * published after the first byte is missed.
	 *
	 * @param cursor the client's `Last-Event-ID`: with history, the stream goes on from there.
	 * @param recent without a cursor: how many of each channel's newest messages it begins with.
	 * @param createSink makes the way out, once there is something to send; it is told whom to call when
	 *   the host lets go of it.
	 * @throws {ConnectorError} when the broker is away, refuses, or the hub is closed.
	 */
	async open<S extends Sink>(
		names: readonly string[],
		cursor: string | undefined,
		recent: number,
		createSink: (onCancel: () => void) => S,
	): Promise<{ connection: Connection; sink: S }> {
		const channels = await this.#acquireAll(names);
		let resume = cursor === undefined ? undefined : parseCursor(names, cursor);
		if (resume === undefined && recent > 0) resume = await this.#back(channels, recent);
		const key = JSON.stringify(names);
		let feed = this.#feeds.get(key);
		if (feed === undefined) {
			feed = new Feed(channels, this.report, this.#upstreamEnded);
			this.#feeds.set(key, feed);
		}
		const sink = createSink(() => connection.left());
		const connection: Connection = new Connection(sink, this);
		this.#connections.set(connection, feed);
		this.#timer ??= setInterval(this.#keepAlive, this.#options.keepAlive / ticksPerKeepAlive);
		// Bun sends no headers before a first chunk, and some proxies wait for one too.
		feed.join(connection, commentFrame, resume);
		return { connection, sink };
	}

	/**
	 * Takes a channel for a reader inside this process, once its subscription is confirmed.
	 *
	 * @returns the channel, and what gives it back; idempotent.
	 * @throws {ConnectorError} as `open` does.
	 */
	async listen(name: string, outlet: Outlet): Promise<{ channel: Channel; stop: () => void }> {
		const [channel] = await this.#acquireAll([name]);
		if (channel === undefined) throw closedError("ServerSentEvents");
		channel.outlets.add(outlet);
		const stop = () => {
			if (channel.outlets.delete(outlet)) this.#release(channel);
		};
		return { channel, stop };
	}

	/** Ends every stream so that its client comes back, spread over some seconds, and leaves the broker. */
	close(): void {
		this.#closed = true;
		for (const connection of [...this.#connections.keys()]) connection.comeBack();
		const error = closedError("ServerSentEvents");
		for (const channel of this.#channels.values()) {
			for (const outlet of [...channel.outlets]) outlet.onEnd(channel, error);
			this.#drop(channel);
		}
	}

	/** A connection is over: the last to leave a channel starts its linger. */
	ended(connection: Connection, reason: EndReason): void {
		const feed = this.#connections.get(connection);
		this.#connections.delete(connection);
		if (this.#connections.size === 0) {
			clearInterval(this.#timer);
			this.#timer = undefined;
		}
		feed?.leave(connection);
		if (feed?.isEmpty) {
			feed.close();
			this.#feeds.delete(JSON.stringify(feed.names));
		}
		for (const channel of feed?.channels ?? []) this.#release(channel);
		if (reason === "slow") {
			const rule = `more than ${this.maxBufferedBytes} bytes were waiting for it`;
			const error = new SseError("slow_consumer", `A client was cut off: ${rule}.`);
			this.report(error, { stage: "stream" });
		}
	}

	readonly #keepAlive = (): void => {
		this.tick++;
		for (const connection of this.#connections.keys()) {
			if (this.tick - connection.lastTick >= ticksPerKeepAlive) connection.write(comment);
		}
	};

	async #acquireAll(names: readonly string[]): Promise<Channel[]> {
		if (this.#closed) throw closedError("ServerSentEvents");
		const channels = names.map((name) => this.#acquire(name));
		try {
			await Promise.all(channels.map((channel) => channel.live));
			const ended = this.#closed || channels.some((channel) => channel.ended);
			if (ended) throw closedError("ServerSentEvents");
		} catch (error) {
			for (const channel of channels) this.#release(channel);
			throw error;
		}
		return channels;
	}

	/** Where the newest so many messages of each channel begin. */
	async #back(channels: readonly Channel[], recent: number) {
		try {
			const positions = await Promise.all(channels.map((channel) => channel.reader?.back(recent)));
			if (this.#closed || channels.some((channel) => channel.ended)) {
				throw closedError("ServerSentEvents");
			}
			return positions;
		} catch (error) {
			for (const channel of channels) this.#release(channel);
			throw error;
		}
	}

	#acquire(name: string): Channel {
		let channel = this.#channels.get(name);
		if (channel === undefined) {
			channel = new Channel(name, this.#connector, this.#gate, this.report, this.#channelEnded);
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
		if (this.#options.linger === 0) this.#drop(channel);
		else
			this.#lingering.set(
				channel,
				setTimeout(() => this.#drop(channel), this.#options.linger),
			);
	}

	#drop(channel: Channel): void {
		clearTimeout(this.#lingering.get(channel));
		this.#lingering.delete(channel);
		if (this.#channels.get(channel.name) === channel) this.#channels.delete(channel.name);
		channel.end();
	}

	readonly #channelEnded = (channel: Channel, error: ConnectorError): void => {
		this.#drop(channel);
		for (const outlet of [...channel.outlets]) outlet.onEnd(channel, error);
	};

	// The subscription cannot heal. Its clients are sent away so that they come back and try anew.
	readonly #upstreamEnded = (feed: Feed): void => {
		for (const connection of feed.connections) connection.comeBack();
	};
}
