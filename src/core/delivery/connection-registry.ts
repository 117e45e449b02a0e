import { commentFrame, pingFrame } from "../message/frame.ts";
import type { Counters } from "../stats.ts";
import type { StreamBudget } from "./budget.ts";
import type { Connection, ConnectionOwner, EndReason } from "./connection.ts";
import type { Feed } from "./feed.ts";

export interface ConnectionOptions {
	/** Silence on a stream after which something is sent, in ms. */
	keepAlive: number;
	/** An event that pages can hear is sent then, in place of a comment. */
	ping?: boolean | undefined;
	/** How long a stream may last, in ms; `Infinity`: for ever. */
	maxDuration: number;
	/** What one client may leave unread, in bytes. */
	bufferedBytes: number;
	/** What one stream may be sent before it ends. */
	perStream?: StreamBudget | undefined;
}

/** The timer runs this often per keep-alive period, so a keep-alive comes at most a quarter of the period early. */
const ticksPerKeepAlive = 4;

/** The least number of ticks per `maxDuration`. Streams that were opened together then end at different ticks. */
const ticksPerDuration = 100;

/** The longest time between ticks, in ms, while streams must end at a given time. */
const longestTick = 2_000;

const encoder = /* @__PURE__ */ new TextEncoder();
const commentBytes = /* @__PURE__ */ encoder.encode(commentFrame);

/** All open streams of a hub, and the one timer that keeps them alive and ends them in time. */
export class ConnectionRegistry implements ConnectionOwner {
	readonly bufferedBytes: number;
	readonly perStream: StreamBudget | undefined;
	readonly counters: Counters;
	tick = 0;
	readonly #feeds = new Map<Connection, Feed>();
	readonly #maxDuration: number;
	readonly #tickMs: number;
	readonly #silentTicks: number;
	/** Whether all clients are sent pings, or only those that ask. */
	readonly #pingsAll: boolean;
	readonly #ping: string;
	readonly #pingBytes: Uint8Array;
	readonly #onEnd: (feed: Feed, connection: Connection, reason: EndReason) => void;
	#timer: ReturnType<typeof setInterval> | undefined;

	/** @param onEnd hears of the end of each connection, once. */
	constructor(
		{ keepAlive, ping, maxDuration, bufferedBytes, perStream }: ConnectionOptions,
		counters: Counters,
		onEnd: (feed: Feed, connection: Connection, reason: EndReason) => void,
	) {
		this.bufferedBytes = bufferedBytes;
		this.perStream = perStream;
		this.counters = counters;
		this.#onEnd = onEnd;
		this.#maxDuration = maxDuration;
		this.#tickMs = Math.min(
			keepAlive / ticksPerKeepAlive,
			maxDuration / ticksPerDuration,
			longestTick,
		);
		this.#silentTicks = Math.floor(keepAlive / this.#tickMs);
		this.#pingsAll = ping === true;
		this.#ping = pingFrame(keepAlive);
		this.#pingBytes = encoder.encode(this.#ping);
	}

	get size(): number {
		return this.#feeds.size;
	}

	get connections(): Connection[] {
		return [...this.#feeds.keys()];
	}

	/** Its connections, and what each of them is sent. */
	get feeds(): ReadonlyMap<Connection, Feed> {
		return this.#feeds;
	}

	/** A ping, which its stream begins with; empty where comments keep it alive. */
	pingFor(connection: Connection): string {
		return this.pings(connection) ? this.#ping : "";
	}

	/** Whether a stream is kept alive by pings. */
	pings({ control }: Connection): boolean {
		return control || this.#pingsAll;
	}

	/** @param expires when its stream is to end, in ms since 1970; `Infinity`: never. */
	add(connection: Connection, feed: Feed, expires: number): void {
		this.#feeds.set(connection, feed);
		feed.begun ??= this.tick;
		const now = Date.now();
		// Clients that came together do not all leave together: each gets a random time in the last
		// tenth, less one tick.
		const earliest = 0.9 + this.#tickMs / this.#maxDuration;
		const share = earliest + Math.random() * (1 - earliest);
		connection.deadline = Math.min(now + this.#maxDuration * share, expires);
		// The first tick may come too late for it.
		const left = connection.deadline - now;
		if (left < this.#tickMs) setTimeout(() => connection.askToReconnect("expired"), left);
		this.#timer ??= setInterval(this.#onTick, this.#tickMs);
	}

	flush(connection: Connection): void {
		this.#feeds.get(connection)?.finish(connection);
	}

	/** Ends the connection in the next task, after the writes of this one. */
	spent(connection: Connection): void {
		setTimeout(() => connection.askToReconnect("expired"), 0);
	}

	ended(connection: Connection, reason: EndReason): void {
		const feed = this.#feeds.get(connection);
		if (feed === undefined) return;
		this.#feeds.delete(connection);
		if (this.#feeds.size === 0) {
			clearInterval(this.#timer);
			this.#timer = undefined;
		}
		this.#onEnd(feed, connection, reason);
	}

	/** Ends every stream so that its client reconnects, each at its own time. */
	endAll(): void {
		for (const connection of this.connections) connection.askToReconnect();
	}

	readonly #onTick = (): void => {
		this.tick++;
		// They end at the last tick before the deadline: the platform may end a function before its next tick.
		const soon = Date.now() + this.#tickMs;
		for (const [connection, feed] of this.#feeds) {
			connection.onTick();
			if (connection.deadline <= soon) connection.askToReconnect("expired");
			else if (this.#isDue(connection, feed)) {
				const cursor = feed.cursorFor(connection);
				if (this.pings(connection)) this.#sendPing(connection, feed);
				else if (cursor === undefined) connection.keepAlive(commentBytes);
				if (cursor !== undefined) connection.write(cursor);
			}
		}
	};

	// All compressed streams of a feed get the same ping, so it is compressed with the rest.
	#sendPing(connection: Connection, feed: Feed): void {
		const { isCompressed } = connection;
		const chunk = isCompressed ? feed.pingAt(this.tick, this.#pingBytes) : undefined;
		connection.write(this.#pingBytes, chunk);
	}

	// Pings come after a time and not after a silence: a page may listen for no other type of event.
	#isDue(connection: Connection, feed: Feed): boolean {
		const { lastTick } = connection;
		if (this.pings(connection)) {
			const { begun = 0 } = connection.isCompressed ? feed : connection;
			return (this.tick - begun) % this.#silentTicks === 0;
		}
		return this.tick - lastTick >= this.#silentTicks;
	}
}

/** A stream that can be ended so that its client reconnects. */
export interface Ending {
	readonly isOpen: boolean;
	askToReconnect(reason?: "closed" | "disconnected"): void;
}

/** Streams are ended in steps of this length, in ms. */
const drainStep = 25;

/**
 * Ends streams so that their clients reconnect, spread over this time, in ms, so that they do
 * not arrive elsewhere all at once. Resolves once all are over.
 */
export async function endSpread(connections: readonly Ending[], ms: number): Promise<void> {
	const begin = performance.now();
	let next = 0;
	while (connections.some(({ isOpen }) => isOpen)) {
		const elapsed = Math.min(performance.now() - begin, ms);
		const due = Math.ceil((connections.length * elapsed) / ms);
		for (; next < due; next++) connections[next]?.askToReconnect();
		await new Promise((resolve) => setTimeout(resolve, Math.min(drainStep, ms)));
	}
}
