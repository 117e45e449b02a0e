import type { Disconnect } from "../control/disconnect.ts";
import { SseError } from "../errors.ts";
import { disconnectFrame, jitteredRetry, retryEventFrame, retryFrame } from "../message/frame.ts";
import { bytesOf, type Content } from "../sinks/content.ts";
import type { Sink, SinkOwner } from "../sinks/sink.ts";
import type { Counters } from "../stats.ts";
import { Budget, type StreamBudget } from "./budget.ts";
import type { ClientEncoder, SharedChunk } from "./compression.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * Why a stream ended: the client left, read too slowly, or was told to reconnect. That is
 * `closed` (the instance closes, or its broker refuses), `expired` (its time is up) or
 * `disconnected` (by `sse.disconnect()`).
 */
export type EndReason = "left" | "slow" | "closed" | "expired" | "disconnected";

/** What all connections of one hub share, so that a write costs no clock and no closure. */
export interface ConnectionOwner {
	/** Counts the keep-alive timer's ticks. */
	readonly tick: number;
	readonly bufferedBytes: number;
	/** What one stream may be sent. Undefined: no limit. */
	readonly perStream: StreamBudget | undefined;
	readonly counters: Counters;
	/** The connection has been sent as much as it may. */
	spent(connection: Connection): void;
	/** Sends what is still waiting for the end of the turn. */
	flush(connection: Connection): void;
	/** Takes the connection out of every list, once. */
	ended(connection: Connection, reason: EndReason): void;
}

/** Work for after a stream's end. */
interface CleanUp {
	ended(reason: EndReason): void;
	/** What identifies its client. */
	clients?(): readonly (string | undefined)[];
}

// Some hosts print the error that broke a stream. It is one line, made once, without our stack.
const tooSlow = /* @__PURE__ */ (() => {
	const error = new SseError("slow_consumer", "Client disconnected: it read too slowly.");
	error.stack = `${error.name}: ${error.message}`;
	return error;
})();

/**
 * One client's stream: a buffer with a bound, the tick of its last write, and one teardown however
 * many signs say that the client has left.
 */
export class Connection implements SinkOwner {
	#sink!: Sink;
	readonly #owner: ConnectionOwner;
	/** Whether the client is told in events what comments and `retry:` say. */
	readonly control: boolean;
	/** Undefined: its stream is not compressed. */
	readonly #encoder: ClientEncoder | undefined;
	readonly #budget: Budget | undefined;
	#ended: EndReason | undefined;
	#cleanUp: CleanUp | undefined;
	/** When the stream is to end, in ms since 1970. */
	deadline = Number.POSITIVE_INFINITY;
	/** The owner's tick when it began. */
	readonly begun: number;
	/** The owner's tick at the last write; silence is measured against it. */
	lastTick: number;

	/** Assigned before the first write. */
	constructor(owner: ConnectionOwner, control = false, encoder?: ClientEncoder) {
		this.#owner = owner;
		this.control = control;
		this.#encoder = encoder;
		this.#budget = owner.perStream && new Budget(owner.perStream);
		this.begun = owner.tick;
		this.lastTick = owner.tick;
	}

	get isOpen(): boolean {
		return this.#ended === undefined;
	}

	/** What identifies its client. */
	get clients(): readonly (string | undefined)[] {
		return this.#cleanUp?.clients?.() ?? [];
	}

	get isCompressed(): boolean {
		return this.#encoder !== undefined;
	}

	/** Whether at most a quarter of the limit is unread. */
	get isDrained(): boolean {
		return this.#sink.bufferedBytes <= this.#owner.bufferedBytes / 4;
	}

	/**
	 * Writes content, which clients may share. One that keeps up may be sent a chunk of any size.
	 *
	 * @param chunk the chunk, where all clients of the feed get the same bytes.
	 * @param events the number of events in the content.
	 * @returns false, and nothing is written, when the client has too many unread bytes.
	 */
	write(content: Content, chunk?: SharedChunk, events = 1): boolean {
		if (this.#ended !== undefined) return true;
		if (this.#sink.bufferedBytes > this.#owner.bufferedBytes) return false;
		const encoder = this.#encoder;
		if (encoder === undefined) this.#spend(events, this.#send(content));
		else {
			const bytes = bytesOf(content);
			this.#send(chunk === undefined ? encoder.own(bytes) : encoder.shared(chunk));
			this.#spend(events, bytes.length);
		}
		return true;
	}

	/** Writes a comment after a silence. A compressed stream gets an empty block instead, which is shorter. */
	keepAlive(comment: Uint8Array): void {
		if (this.#ended !== undefined) return;
		if (this.#sink.bufferedBytes > this.#owner.bufferedBytes) return;
		this.#send(this.#encoder?.silence() ?? comment);
	}

	/** @returns how many bytes were written. */
	#send(content: Content): number {
		this.lastTick = this.#owner.tick;
		try {
			const size = this.#sink.write(content);
			this.#owner.counters.bytes += size;
			return size;
		} catch {
			this.#end("left"); // on some hosts a failing write is the only sign that the client has gone
			return 0;
		}
	}

	/** Called at each tick of the owner's timer. Ticks cost time, too: the four of a keep-alive period count as one write. */
	onTick(): void {
		this.#spend(0.25, 0);
	}

	#spend(writes: number, bytes: number): void {
		if (this.#budget?.spend(writes, bytes)) this.#owner.spent(this);
	}

	/** Sends all further bytes to this sink. */
	use(sink: Sink): void {
		this.#sink = sink;
		if (this.#ended !== undefined) this.#close(this.#ended);
	}

	/** Runs a clean-up when the stream ends, or at once if it has ended. Only one is kept. */
	onEnd(cleanUp: CleanUp): void {
		if (this.#ended === undefined) this.#cleanUp = cleanUp;
		else cleanUp.ended(this.#ended);
	}

	/**
	 * Called when the request's signal aborts. The connection is its own listener, which saves a
	 * closure per client.
	 */
	handleEvent(): void {
		this.onLeft();
	}

	/** The client has left, and can be sent nothing more. */
	onLeft(): void {
		this.#end("left");
	}

	/** Breaks the stream of a client that reads too slowly, and frees its unread bytes. */
	breakOff(): void {
		this.#end("slow");
	}

	/** Ends the stream cleanly, with a time to reconnect that differs per client. */
	askToReconnect(reason: "closed" | "expired" | "disconnected" = "closed", last = ""): void {
		this.#owner.flush(this);
		const ms = jitteredRetry();
		const events = this.control ? retryEventFrame(ms) + last : "";
		this.write(encoder.encode(retryFrame(ms) + events));
		this.#end(reason);
	}

	/** Ends the stream of a client that may not stay. */
	expel({ reason, final }: Disconnect): void {
		if (this.isOpen) this.askToReconnect("disconnected", disconnectFrame(reason, final));
	}

	#end(reason: EndReason): void {
		if (this.#ended !== undefined) return;
		this.#ended = reason;
		this.#owner.ended(this, reason);
		this.#cleanUp?.ended(reason);
		const isClean = reason !== "left" && reason !== "slow";
		if (isClean && this.#encoder !== undefined) this.#send(this.#encoder.end());
		this.#close(reason);
	}

	#close(reason: EndReason): void {
		try {
			// Only a slow client still has a stream worth breaking: its unread bytes are freed with it.
			if (reason === "slow") this.#sink.abort(tooSlow);
			else this.#sink.end();
		} catch {
			// The host had already ended the stream, so nothing is left to do.
		}
	}
}
