import type { ErrorHandler } from "../errors.ts";
import { isAfter } from "../message/position.ts";
import { atEndOfTurn, turnBytes, turnClients } from "../scheduling.ts";
import type { Counters } from "../stats.ts";
import type { Log, Read } from "./log.ts";
import { type Framing, type Render, Renders } from "./render.ts";
import { type Place, placeAt, startOf } from "./run.ts";

/** The pause before a client that does not read is looked at again, in ms. */
const drainPause = 100;

/** A client that is behind, and has more than a quarter of its limit unread for this long, in ms, is disconnected. */
const drainLimit = 60_000;

/**
 * The pause between reads for clients that claim to be ahead of the feed, in ms. Only a read that begins after such a
 * client has come can judge its claim, and forged cursors must not cost a read each.
 */
const aheadPause = 100;

/** What a replay needs of a client's connection. */
export interface ReplayClient {
	readonly isOpen: boolean;
	/** Whether it has read most of what it was sent. */
	readonly isDrained: boolean;
	/** @returns false, and nothing is written, when it has more unread than it may. */
	write(bytes: Uint8Array, chunk?: undefined, events?: number): boolean;
	/** Breaks the stream of a client that reads too slowly. */
	breakOff(): void;
	/** Ends the stream cleanly, with a time to reconnect that differs per client. */
	askToReconnect(): void;
}

/** What a replay needs of the live feed that it leads to. */
export interface ReplayFeed<Client extends ReplayClient> {
	readonly names: readonly string[];
	/** Sends what is pending. */
	flush(): void;
	/** Whether a client at these positions has every sent message. */
	isAt(places: readonly Place[]): boolean;
	/** Takes in a client that has reached the feed's position. */
	attach(client: Client): void;
}

/** A client that is behind. */
interface Behind<Client> {
	readonly connection: Client;
	/** Its place in each channel. */
	places: readonly Place[];
	/** When it came, or last had little unread, on the clock of `performance.now()`. */
	writableAt: number;
}

const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * Brings clients that returned or fell behind up to the live feed.
 *
 * All waiting clients are served together. Each round reads each channel at most once. Clients at the same place get
 * the same bytes. A client that has caught up joins the feed in the same task, so no message can come in between.
 */
export class Replay<Client extends ReplayClient> {
	readonly #feed: ReplayFeed<Client>;
	readonly #logs: readonly Log[];
	readonly #report: ErrorHandler;
	readonly #counters: Counters;
	/** The client that was served last comes last. */
	readonly #behind = new Map<Client, Behind<Client>>();
	readonly #renders: Renders;
	#rounds = 0;
	/** When it last read for clients that are ahead, on the clock of `performance.now()`. */
	#readAheadAt = Number.NEGATIVE_INFINITY;
	#running = false;

	/** @param logs of the feed's channels, in their order. */
	constructor(
		feed: ReplayFeed<Client>,
		framing: Framing,
		logs: readonly Log[],
		report: ErrorHandler,
		counters: Counters,
	) {
		this.#feed = feed;
		this.#logs = logs;
		this.#renders = new Renders(framing, logs, report);
		this.#counters = counters;
		this.#report = report;
	}

	get connections(): Iterable<Client> {
		return this.#behind.keys();
	}

	add(connection: Client, places: readonly Place[]): void {
		this.#behind.set(connection, { connection, places, writableAt: performance.now() });
		this.#counters.replays++;
		if (!this.#running) void this.#run();
	}

	delete(connection: Client): void {
		this.#behind.delete(connection);
	}

	close(): void {
		this.#behind.clear();
	}

	/** The feed brought a message, or has a hole. */
	onChange(): void {
		this.#renders.clear();
	}

	/** Sends a message that is not kept. It cannot be replayed, so it does not wait for the replay. */
	onLiveOnly(frame: string): void {
		if (this.#behind.size === 0) return;
		const bytes = encoder.encode(frame);
		for (const connection of this.#behind.keys()) {
			if (connection.write(bytes) && connection.isOpen) this.#counters.frames++;
		}
	}

	async #run(): Promise<void> {
		this.#running = true;
		for (const log of this.#logs) log.retain();
		// Clients that come in the same task share the first round.
		await Promise.resolve();
		while (this.#behind.size > 0) {
			const ready = this.#ready();
			try {
				const advanced = ready.length > 0 && (await this.#round(ready));
				// A history in memory would otherwise be read to its end in one task.
				if (advanced) await new Promise<void>(atEndOfTurn);
				// The others read slowly, or wait until the feed has caught up with the history.
				else if (this.#behind.size > 0) await pause(drainPause);
			} catch (error) {
				this.#report(error, { stage: "replay", channel: this.#feed.names.join(",") });
				// They reconnect with their own cursors.
				for (const { connection } of ready) connection.askToReconnect();
			}
		}
		this.onChange();
		for (const log of this.#logs) log.release();
		this.#running = false;
	}

	/** The clients that can be sent more now. */
	#ready(): Behind<Client>[] {
		const now = performance.now();
		const mayReadAhead = now >= this.#readAheadAt + aheadPause;
		return [...this.#behind.values()].filter((behind) => {
			const { connection } = behind;
			if (connection.isDrained) {
				behind.writableAt = now;
				return mayReadAhead || !this.#isAhead(behind);
			}
			if (now - behind.writableAt > drainLimit) connection.breakOff();
			return false;
		});
	}

	#isAhead({ places }: Behind<Client>): boolean {
		return this.#logs.some((log, index) => log.isAhead(placeAt(places, index)));
	}

	/** @returns whether anyone was sent anything, or has joined the feed. */
	async #round(ready: readonly Behind<Client>[]): Promise<boolean> {
		for (const log of this.#logs) log.open();
		// Every second round serves only the client that has waited longest. Otherwise clients that come one after another
		// from far back could keep the others waiting.
		const wave = this.#rounds++ % 2 === 0 ? ready : ready.slice(0, 1);
		const reads = await Promise.all(
			this.#logs.map((log, index) =>
				this.#read(
					log,
					wave.map(({ places }) => placeAt(places, index)),
				),
			),
		);
		if (reads.some((read) => read !== undefined)) this.onChange();
		return await this.#serve(ready, reads);
	}

	/** Reads from the oldest place that memory cannot serve. */
	async #read(log: Log, places: readonly Place[]): Promise<Read | undefined> {
		const lagging = places.filter((place) => !log.canServe(place));
		const [first] = lagging;
		if (first === undefined) return undefined;
		const fresh = lagging.some((place) => log.isAhead(place));
		if (fresh) this.#readAheadAt = performance.now();
		const oldest = (from: string, place: Place) =>
			isAfter(from, startOf(place)) ? startOf(place) : from;
		return log.read(lagging.reduce(oldest, startOf(first)), fresh);
	}

	/** Serves the clients that the reads reach, a bounded number of clients and bytes per task. */
	async #serve(
		ready: readonly Behind<Client>[],
		reads: readonly (Read | undefined)[],
	): Promise<boolean> {
		let advanced = false;
		let bytes = turnBytes;
		let clients = turnClients;
		this.#feed.flush();
		for (const behind of ready) {
			if (bytes <= 0 || clients === 0) {
				await new Promise<void>(atEndOfTurn);
				bytes = turnBytes;
				clients = turnClients;
				this.#feed.flush();
			}
			if (!this.#behind.has(behind.connection)) continue;
			const render = this.#renders.render(behind.places, reads);
			if (render === undefined) continue;
			bytes -= render.bytes.length;
			clients--;
			if (this.#advance(behind, render)) advanced = true;
		}
		return advanced;
	}

	// It runs in the same task as the flush, because the step ends at the feed's position.
	#advance(behind: Behind<Client>, { bytes, places, events, gaps }: Render): boolean {
		const { connection } = behind;
		if (bytes.length > 0) {
			if (!connection.write(bytes, undefined, events)) return false;
			// Only a client that was sent something goes to the end of the line.
			this.#behind.delete(connection);
			if (!connection.isOpen) return true;
			this.#counters.frames += events;
			this.#counters.gaps += gaps;
		}
		if (this.#feed.isAt(places)) {
			this.#behind.delete(connection);
			this.#feed.attach(connection);
			return true;
		}
		this.#behind.set(connection, { ...behind, places });
		return bytes.length > 0;
	}
}

function pause(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
