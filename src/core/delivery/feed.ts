import type { ErrorHandler } from "../errors.ts";
import { live, type Positions, withLive } from "../history/cursor.ts";
import { Framing, type View } from "../history/render.ts";
import { Replay, type ReplayFeed } from "../history/replay.ts";
import { type Place, placeAt } from "../history/run.ts";
import type { Decoded } from "../message/envelope.ts";
import { cursorFrame, gapFrame } from "../message/frame.ts";
import { beginning, isSame } from "../message/position.ts";
import type { FlushQueue } from "../scheduling.ts";
import { SharedText } from "../sinks/content.ts";
import type { Counters } from "../stats.ts";
import type { Channel, Outlet } from "./channel.ts";
import type { Compression, FeedEncoder, SharedChunk } from "./compression.ts";
import type { Connection } from "./connection.ts";
import { type Chunk, FanOut } from "./fan-out.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** With more pending, in UTF-16 code units, messages wait only for the end of the turn. */
const longestPending = 65_536;

/** Shared by all feeds of a hub. */
export interface FeedOwner {
	readonly report: ErrorHandler;
	readonly counters: Counters;
	readonly flushes: FlushQueue;
	readonly compression: Compression | undefined;
}

/** How a connection begins. */
interface Joining {
	opening: string;
	cursor: string | undefined;
	ping: string;
	resume: Positions | undefined;
}

/**
 * All streams of one list of channels. Messages that arrive in one task are framed and encoded
 * once, and every connection gets the same bytes.
 */
export class Feed implements Outlet, ReplayFeed<Connection> {
	readonly names: readonly string[];
	/** Its name among the feeds of a hub. */
	readonly key: string;
	readonly channels: readonly Channel[];
	/** Its streams, including those that are being opened. */
	users = 0;
	/** The timer's tick when the first of them began. Compressed streams get their pings together, counted from here. */
	begun: number | undefined;
	readonly #connections = new Set<Connection>();
	readonly #fanOut: FanOut = new FanOut((connection, chunk) => this.#write(connection, chunk));
	readonly #replay: Replay<Connection> | undefined;
	readonly #counters: Counters;
	readonly #framing: Framing;
	readonly #flushes: FlushQueue;
	readonly #encoder: FeedEncoder | undefined;
	#ping: SharedChunk | undefined;
	#pingedAt: number | undefined;
	/** The feed's position in each channel, pending messages included. */
	#positions: string[] = [];
	/** The position of every connection that has been sent all flushed messages. */
	#flushed: readonly string[] = [];
	#pending = "";
	/** Events in `#pending`. */
	#events = 0;
	/** Messages were filtered out since the last sent one. The clients' cursors lag behind them. */
	#filteredOut = false;
	/** The id that says so, encoded once for all clients. */
	#cursorBytes: Uint8Array | undefined;

	constructor(
		channels: readonly Channel[],
		view: View,
		key: string,
		{ report, counters, flushes, compression }: FeedOwner,
	) {
		this.channels = channels;
		this.names = channels.map((channel) => channel.name);
		this.key = key;
		this.#framing = new Framing(this.names, view);
		this.#counters = counters;
		this.#flushes = flushes;
		this.#encoder = compression?.feed();
		const logs = channels.flatMap(({ log }) => log ?? []);
		if (logs.length === channels.length)
			this.#replay = new Replay(this, this.#framing, logs, report, counters);
		for (const channel of channels) channel.outlets.add(this);
		this.#settle();
	}

	get connections(): Connection[] {
		return [...this.#connections, ...(this.#replay?.connections ?? [])];
	}

	onMessage(channel: Channel, decoded: Decoded, position: string | undefined): void {
		const index = this.channels.indexOf(channel);
		if (position !== undefined) this.#positions[index] = position;
		const frame = this.#framing.frame(
			decoded,
			index,
			position === undefined ? undefined : this.#positions,
		);
		if (position !== undefined) {
			this.#filteredOut = frame === "";
			this.#cursorBytes = undefined;
			this.#replay?.onChange();
		}
		if (frame === "") return;
		if (this.#pending === "") this.#flushes.add(this.flush);
		this.#events++;
		this.#pending += frame;
		if (this.#pending.length > longestPending) this.#flushes.hurry();
		if (position === undefined) this.#replay?.onLiveOnly(frame);
	}

	onGap(channel: Channel, position: string): void {
		if (this.#pending === "") this.#flushes.add(this.flush);
		this.#pending += gapFrame(channel.name, position);
		this.#cursorBytes = undefined;
		this.#counters.gaps += this.#connections.size;
		this.#replay?.onChange();
	}

	/** A channel's subscription cannot heal. The clients reconnect, which subscribes again. */
	onEnd(): void {
		for (const connection of this.connections) connection.askToReconnect();
	}

	/** Sends pending messages. The queue calls it at the end of the task. */
	readonly flush = (): void => {
		const text = this.#pending;
		const before = this.#flushed;
		const events = this.#events;
		this.#settle();
		if (text === "") return;
		const sent = new SharedText(text);
		const shared = this.#encoder?.next(sent.bytes);
		this.#fanOut.send({ text: sent, shared, events, before }, this.#connections);
	};

	#write(connection: Connection, { text, shared, events, before }: Chunk): void {
		if (connection.write(text, shared, events)) {
			if (connection.isOpen) this.#counters.frames += events;
			return;
		}
		// The client's buffer is full. With history it gets the rest later.
		this.#connections.delete(connection);
		this.#fanOut.forget(connection);
		if (this.#replay === undefined) connection.breakOff();
		else this.#replay.add(connection, placesOf(before, before));
	}

	/** An id for a silent connection whose cursor lags behind messages that were filtered out. */
	cursorFor(connection: Connection): Uint8Array | undefined {
		if (!this.#filteredOut || !this.#connections.has(connection)) return undefined;
		this.flush();
		// The id must not come before messages that wait for their turn.
		if (this.#fanOut.has(connection)) return undefined;
		this.#cursorBytes ??= encoder.encode(cursorFrame(this.#framing.cursor(this.#flushed)));
		return this.#cursorBytes;
	}

	/** A ping for the compressed streams, which are all sent one at this tick. */
	pingAt(tick: number, bytes: Uint8Array): SharedChunk | undefined {
		if (this.#pingedAt !== tick) this.#ping = this.#encoder?.next(bytes);
		this.#pingedAt = tick;
		return this.#ping;
	}

	/** Sends a connection everything, because it is about to end. */
	finish(connection: Connection): void {
		this.flush();
		this.#fanOut.finish(connection);
	}

	#settle(): void {
		this.#pending = "";
		this.#events = 0;
		if (this.#replay === undefined) return;
		this.#positions = this.channels.map((channel) => channel.position);
		this.#flushed = [...this.#positions];
	}

	/**
	 * Adds a connection, at the feed's position or at its own cursor.
	 *
	 * @param opening the first text that is sent.
	 * @param cursor the id to resume with, when the hub has a better one than the feed.
	 * @param ping brings the first id, because a page sees an id only with an event. May be empty.
	 */
	join(connection: Connection, { opening, cursor, ping, resume }: Joining): void {
		this.flush();
		const positions = resume === undefined ? this.#flushed : withLive(resume, this.#flushed);
		// A cursor may name channels that the client does not ask for any more. The client gets one without them.
		const isNew = resume === undefined || resume.includes(live) || this.#framing.isNamed;
		// A frame with an id alone dispatches no event but sets the last event ID, so the client can resume here. A client
		// with an unreadable cursor gets one with the gap.
		const complete = positions.every((position) => position !== undefined);
		const placed = this.#replay !== undefined && isNew && complete;
		const id = placed ? this.#framing.cursor(positions) : cursor;
		const end = id === undefined ? ping : cursorFrame(id, ping);
		connection.write(new SharedText(opening + end));
		// A client that has left already would never be removed.
		if (!connection.isOpen) return;
		if (this.#replay === undefined || resume === undefined) this.#connections.add(connection);
		else this.#replay.add(connection, placesOf(positions, this.#flushed));
	}

	/** Adds a connection that has caught up. */
	attach(connection: Connection): void {
		this.#connections.add(connection);
	}

	/** Whether a connection at these places has all flushed messages. */
	isAt(places: readonly Place[]): boolean {
		return this.#flushed.every((position, index) => {
			const { claimed } = placeAt(places, index);
			return claimed !== undefined && isSame(claimed, position);
		});
	}

	leave(connection: Connection): void {
		this.#connections.delete(connection);
		this.#fanOut.forget(connection);
		this.#replay?.delete(connection);
	}

	/** Stops listening: no stream is left, or a channel has ended. */
	close(): void {
		for (const channel of this.channels) channel.outlets.delete(this);
		this.#replay?.close();
		this.#encoder?.close();
	}
}

function placesOf(positions: Positions, joined: readonly string[]): Place[] {
	return positions.map((claimed, index) => ({ claimed, joined: joined[index] ?? beginning }));
}
