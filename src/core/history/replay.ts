import type { ErrorHandler } from "../errors.ts";
import type { Decoded } from "../message/envelope.ts";
import { atEndOfTurn, turnBytes, turnClients } from "../scheduling.ts";
import type { Counters } from "../stats.ts";
import { type Behind, isAhead, writable } from "./behind.ts";
import type { Positions } from "./cursor.ts";
import { Reading, type Step } from "./reading.ts";
import type { ReplayChannel, ReplayClient, ReplayFeed } from "./types.ts";

/** How long a client that does not read is left alone before it is looked at again, in ms. */
const drainPause = 100;

/** With so many streams on a feed, what was read for one of them is kept for those who come after it. */
const crowd = 16;

/** For how long, in ms: a thousand clients that come back at once are a second's work. */
const keptFor = 1_000;

/**
 * Reads for those who say that they are ahead of the feed are so far apart, in ms: what they have seen may have come after
 * any other read, and who forges a cursor must not have one for each.
 */
const aheadPause = 100;

const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * Joins the history to the live feed, for connections that came back or fell behind.
 *
 * All that wait are brought up together: each round reads each channel once, or takes what one before it has read
 * (see `Reading`). A connection that has been sent all there is joins the feed within the same turn, so that nothing
 * comes between.
 */
export class Replay<Client extends ReplayClient> {
	readonly #feed: ReplayFeed<Client>;
	readonly #report: ErrorHandler;
	readonly #counters: Counters;
	/** Who was sent something last comes last. */
	readonly #behind = new Map<Client, Behind<Client>>();
	/** It is being served, or waited for. */
	#underWay: Reading | undefined;
	/** For who comes next. */
	#kept: Reading | undefined;
	/** Until it is let go. */
	#timer: ReturnType<typeof setTimeout> | undefined;
	#rounds = 0;
	/** Of those who are ahead, as `performance.now()` has it. */
	#readAheadAt = Number.NEGATIVE_INFINITY;
	#running = false;

	constructor(feed: ReplayFeed<Client>, report: ErrorHandler, counters: Counters) {
		this.#feed = feed;
		this.#counters = counters;
		this.#report = report;
	}

	get connections(): Iterable<Client> {
		return this.#behind.keys();
	}

	add(connection: Client, positions: Positions, joined: readonly string[]): void {
		this.#behind.set(connection, { connection, positions, joined, writableAt: performance.now() });
		this.#counters.replays++;
		if (!this.#running) void this.#run();
	}

	delete(connection: Client): void {
		this.#behind.delete(connection);
	}

	close(): void {
		this.#behind.clear();
		this.#keep(undefined);
	}

	onMessage(channel: ReplayChannel, decoded: Decoded, position: string | undefined): void {
		if (position !== undefined) {
			this.#kept?.onMessage(channel, decoded);
			if (this.#underWay !== this.#kept) this.#underWay?.onMessage(channel, decoded);
		} else if (this.#behind.size > 0) {
			// It is not kept and cannot be replayed: it goes ahead of what is.
			const bytes = encoder.encode(decoded.frame);
			for (const connection of this.#behind.keys()) {
				if (connection.write(bytes) && connection.isOpen) this.#counters.frames++;
			}
		}
	}

	onGap(channel: ReplayChannel, _position: string): void {
		// Whoever is behind is told by its own position, which the history does not cover either.
		this.#kept?.onGap(channel);
		if (this.#underWay !== this.#kept) this.#underWay?.onGap(channel);
	}

	async #run(): Promise<void> {
		this.#running = true;
		// Whoever comes in the same turn shares the first round.
		await Promise.resolve();
		while (this.#behind.size > 0) {
			const ready = this.#due(writable([...this.#behind.values()]));
			try {
				const advanced = ready.length > 0 && (await this.#round(ready));
				// Others have their turn, too: a history in memory would be read without end in one.
				if (advanced) await new Promise<void>(atEndOfTurn);
				// The rest reads slowly, or waits for the feed to catch up with the history.
				else if (this.#behind.size > 0) await pause(drainPause);
			} catch (error) {
				this.#report(error, { stage: "replay", channel: this.#feed.names.join(",") });
				// They come back with the cursor they have.
				for (const { connection } of ready) connection.askToReconnect();
			}
		}
		this.#running = false;
	}

	#due(ready: readonly Behind<Client>[]): readonly Behind<Client>[] {
		if (performance.now() >= this.#readAheadAt + aheadPause) return ready;
		return ready.filter((behind) => !this.#isAhead(behind));
	}

	#isAhead(behind: Behind<Client>): boolean {
		return this.#feed.channels.some((channel, index) => isAhead(behind, channel, index));
	}

	/** @returns whether anyone was sent anything, or has joined the feed. */
	async #round(ready: readonly Behind<Client>[]): Promise<boolean> {
		// Every other round is for whoever waits longest: those who come from far back, one after the
		// other, must not keep everybody else waiting.
		const wave = this.#rounds++ % 2 === 0 ? ready : ready.slice(0, 1);
		const kept = this.#kept;
		const serves = kept !== undefined && wave.some((behind) => kept.canServe(behind));
		const reading = serves ? kept : new Reading(this.#feed.channels, wave, this.#report);
		this.#underWay = reading;
		try {
			if (!serves) {
				if (wave.some((behind) => this.#isAhead(behind))) this.#readAheadAt = performance.now();
				await reading.load();
			}
			const advanced = await this.#serve(ready, reading);
			// Only now: once kept, it turns away who is ahead of the feed, and may have been read for just those.
			if (!serves && this.#feed.users >= crowd && reading.keep()) this.#keep(reading);
			return advanced;
		} finally {
			this.#underWay = undefined;
		}
	}

	/** Serves whom the reading reaches, over as many turns as they and their bytes take. */
	async #serve(ready: readonly Behind<Client>[], reading: Reading): Promise<boolean> {
		let advanced = false;
		let left = turnBytes;
		let clients = turnClients;
		this.#feed.flush();
		for (const behind of ready) {
			if (left <= 0 || clients === 0) {
				await new Promise<void>(atEndOfTurn);
				left = turnBytes;
				clients = turnClients;
				this.#feed.flush();
			}
			if (!this.#behind.has(behind.connection) || !reading.canServe(behind)) continue;
			const step = reading.step(behind);
			left -= step.bytes.length;
			clients--;
			if (this.#advance(behind, step)) advanced = true;
		}
		return advanced;
	}

	// Nothing may come between the flush and this: the step ends where the feed stands.
	#advance(behind: Behind<Client>, { bytes, positions, events, gaps }: Step): boolean {
		const { connection } = behind;
		if (bytes.length > 0) {
			if (!connection.write(bytes)) return false;
			// Whoever was sent nothing keeps its place in the line.
			this.#behind.delete(connection);
			if (!connection.isOpen) return true;
			this.#counters.frames += events;
			this.#counters.gaps += gaps;
		}
		if (this.#feed.isAt(positions)) {
			this.#behind.delete(connection);
			this.#feed.attach(connection);
			return true;
		}
		this.#behind.set(connection, { ...behind, positions, joined: positions });
		return bytes.length > 0;
	}

	#keep(reading: Reading | undefined): void {
		clearTimeout(this.#timer);
		this.#kept = reading;
		if (reading !== undefined) this.#timer = setTimeout(() => this.#keep(undefined), keptFor);
	}
}

function pause(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
