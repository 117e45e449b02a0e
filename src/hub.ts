import { Channel, type Listener } from "./channel.ts";
import { Connection, type ConnectionOwner, type EndReason } from "./connection.ts";
import type { Connector } from "./connector.ts";
import { type ConnectorError, closedError, type ErrorHandler, SseError } from "./errors.ts";
import { commentFrame, retryFrame } from "./frame.ts";
import { jitteredRetry } from "./response.ts";
import { type StreamSink, streamSink } from "./sink.ts";

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

/** Who listens to what: channels, their clients, and the one timer that keeps them all alive. */
export class Hub implements ConnectionOwner {
	readonly maxBufferedBytes: number;
	tick = 0;
	readonly #connector: Connector;
	readonly #options: HubOptions;
	readonly #channels = new Map<string, Channel>();
	readonly #connections = new Map<Connection, readonly Channel[]>();
	readonly #lingering = new Map<Channel, ReturnType<typeof setTimeout>>();
	#timer: ReturnType<typeof setInterval> | undefined;
	#closed = false;

	constructor(connector: Connector, options: HubOptions) {
		this.#connector = connector;
		this.#options = options;
		this.maxBufferedBytes = options.maxBufferedBytes;
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
	 * @throws {ConnectorError} when the broker is away, refuses, or the hub is closed.
	 */
	async open(
		names: readonly string[],
	): Promise<{ body: StreamSink["body"]; connection: Connection }> {
		const channels = await this.#acquireAll(names);
		const sink = streamSink(() => connection.left());
		const connection: Connection = new Connection(sink, this);
		this.#connections.set(connection, channels);
		this.#timer ??= setInterval(this.#keepAlive, this.#options.keepAlive / ticksPerKeepAlive);
		// Bun sends no headers before a first chunk, and some proxies wait for one too.
		connection.write(comment);
		for (const channel of channels) channel.connections.add(connection);
		return { body: sink.body, connection };
	}

	/**
	 * Hands every message of a channel to a listener, once the subscription is confirmed.
	 *
	 * @returns stops listening; idempotent.
	 * @throws {ConnectorError} as `open` does.
	 */
	async listen(name: string, listener: Listener): Promise<() => void> {
		const [channel] = await this.#acquireAll([name]);
		channel?.listeners.add(listener);
		return () => {
			if (channel?.listeners.delete(listener)) this.#release(channel);
		};
	}

	/** Ends every stream so that its client comes back, spread over some seconds, and leaves the broker. */
	close(): void {
		this.#closed = true;
		for (const connection of [...this.#connections.keys()]) connection.close(farewell());
		const error = closedError("ServerSentEvents");
		for (const channel of this.#channels.values()) {
			for (const listener of [...channel.listeners]) listener.onEnd(error);
			this.#drop(channel);
		}
	}

	/** A connection is over: the last to leave a channel starts its linger. */
	ended(connection: Connection, reason: EndReason): void {
		const channels = this.#connections.get(connection) ?? [];
		this.#connections.delete(connection);
		if (this.#connections.size === 0) {
			clearInterval(this.#timer);
			this.#timer = undefined;
		}
		for (const channel of channels) {
			channel.connections.delete(connection);
			this.#release(channel);
		}
		if (reason === "slow") {
			const rule = `more than ${this.maxBufferedBytes} bytes were waiting for it`;
			const error = new SseError("slow_consumer", `A client was cut off: ${rule}.`);
			this.#options.report(error, { stage: "stream" });
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
			if (this.#closed) throw closedError("ServerSentEvents");
		} catch (error) {
			for (const channel of channels) this.#release(channel);
			throw error;
		}
		return channels;
	}

	#acquire(name: string): Channel {
		let channel = this.#channels.get(name);
		if (channel === undefined) {
			channel = new Channel(name, this.#connector, this.#options.report, this.#upstreamEnded);
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

	// The subscription cannot heal. Its clients are sent away so that they come back and try anew.
	readonly #upstreamEnded = (channel: Channel, error: ConnectorError): void => {
		this.#drop(channel);
		for (const connection of [...channel.connections]) connection.close(farewell());
		for (const listener of [...channel.listeners]) listener.onEnd(error);
	};
}

function farewell(): Uint8Array {
	return new TextEncoder().encode(retryFrame(jitteredRetry()));
}
