import { type Behind, drained, oldest, start } from "./behind.ts";
import type { Channel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { formatCursor, type Positions } from "./cursor.ts";
import type { Decoded } from "./envelope.ts";
import type { ErrorHandler } from "./errors.ts";
import { gapError } from "./errors.ts";
import type { Feed } from "./feed.ts";
import { cursorFrame, gapFrame } from "./frame.ts";
import { beginning, isAfter } from "./position.ts";
import { Recent } from "./recent.ts";
import type { Counters } from "./stats.ts";
import { Stretch } from "./stretch.ts";
import { atEndOfTurn } from "./turn.ts";

/** What whoever stands at one place is sent. */
interface Step {
	bytes: Uint8Array;
	/** Where it stands then. */
	positions: string[];
	events: number;
	gaps: number;
}

/** How long a client that does not read is left alone before it is looked at again, in ms. */
const drainPause = 100;

/** What one round writes to clients that stand at different places, in UTF-16 code units. */
const roundLimit = 16_777_216;

const encoder = new TextEncoder();

/**
 * Joins the history to the live feed, for connections that came back or fell behind.
 *
 * All that wait are brought up together: each round reads each channel once, and whoever stands at the same
 * place is sent the same bytes. A connection that has been sent all there is joins the feed within the
 * same turn, so that nothing comes between.
 */
export class Replay {
	readonly #feed: Feed;
	readonly #report: ErrorHandler;
	readonly #counters: Counters;
	/** Who was sent something last comes last. */
	readonly #behind = new Map<Connection, Behind>();
	/** What the feed brought since the round began. */
	#recent: Recent | undefined;
	/** Channels of which a gap was reported this round: a crowd that missed the same is one report. */
	readonly #told = new Set<Channel>();
	#rounds = 0;
	#running = false;

	constructor(feed: Feed, report: ErrorHandler, counters: Counters) {
		this.#feed = feed;
		this.#counters = counters;
		this.#report = report;
	}

	get connections(): Iterable<Connection> {
		return this.#behind.keys();
	}

	add(connection: Connection, positions: Positions, joined: readonly string[]): void {
		this.#behind.set(connection, { connection, positions, joined, drained: performance.now() });
		this.#counters.replays++;
		if (!this.#running) void this.#run();
	}

	delete(connection: Connection): void {
		this.#behind.delete(connection);
	}

	close(): void {
		this.#behind.clear();
	}

	onMessage(channel: Channel, decoded: Decoded, position: string | undefined): void {
		if (position !== undefined) this.#recent?.add(channel, decoded);
		else if (this.#behind.size > 0) {
			// It is not kept, so that it cannot be made up for: it goes ahead of what is.
			const bytes = encoder.encode(decoded.frame);
			for (const connection of this.#behind.keys()) {
				if (connection.write(bytes) && connection.isOpen) this.#counters.frames++;
			}
		}
	}

	onGap(channel: Channel, _position: string): void {
		// Whoever is behind is told by its own position, which the history does not cover either.
		this.#recent?.forget(channel);
	}

	async #run(): Promise<void> {
		this.#running = true;
		// Whoever comes in the same turn shares the first round.
		await Promise.resolve();
		while (this.#behind.size > 0) {
			const ready = drained([...this.#behind.values()]);
			try {
				const advanced = ready.length > 0 && (await this.#round(ready));
				// Others have their turn, too: a history in memory would be read without end in one.
				if (advanced) await new Promise<void>(atEndOfTurn);
				// The rest reads slowly, or waits for the feed to catch up with the history.
				else if (this.#behind.size > 0) await pause(drainPause);
			} catch (error) {
				this.#report(error, { stage: "replay", channel: this.#feed.names.join(",") });
				// They come back with the cursor they have.
				for (const { connection } of ready) connection.comeBack();
			}
		}
		this.#running = false;
	}

	/** @returns whether anyone was sent anything, or has joined the feed. */
	async #round(ready: Behind[]): Promise<boolean> {
		const { channels } = this.#feed;
		const recent = new Recent(channels);
		this.#recent = recent;
		// Every other round is for whoever waits longest: those who come from far back, one after the
		// other, must not keep everybody else waiting.
		const wave = this.#rounds++ % 2 === 0 ? ready : ready.slice(0, 1);
		const begun = channels.map((channel, index) => ({
			channel,
			standing: channel.position,
			from: oldest(wave, index, channel.position),
			// Some have heard more from another process than this one's feed knows.
			fresh: wave.some(({ positions }) => isAfter(positions[index] ?? beginning, channel.position)),
		}));
		const reads = await Promise.all(
			begun.map(async (each) => {
				const { from, channel, fresh } = each;
				const page = from === undefined ? undefined : await channel.reader?.read(from, fresh);
				return { ...each, page };
			}),
		);
		// From here on nothing is awaited: what was flushed and what is recent stay what they are.
		this.#recent = undefined;
		this.#feed.flush();
		return this.#serve(
			ready,
			reads.map((read) => new Stretch(read, recent.of(read.channel))),
		);
	}

	#serve(ready: readonly Behind[], stretches: readonly Stretch[]): boolean {
		this.#told.clear();
		const shared = new Map<string, Step>();
		let advanced = false;
		let written = 0;
		for (const behind of ready) {
			const { connection, positions } = behind;
			const starts = stretches.map((_, index) => start(behind, index));
			const reached = stretches.every((stretch, index) =>
				stretch.reaches(positions[index], starts[index] ?? beginning),
			);
			if (!reached || !this.#behind.has(connection)) continue;
			// The others have the next round.
			if (written > roundLimit) break;
			const place = `${positions} ${starts}`;
			let step = shared.get(place);
			if (step === undefined) {
				step = this.#step(positions, starts, stretches);
				shared.set(place, step);
				written += step.bytes.length;
			}
			if (step.bytes.length > 0) {
				if (!connection.write(step.bytes)) continue;
				advanced = true;
				// Whoever was sent nothing keeps its place in the line.
				this.#behind.delete(connection);
				if (!connection.isOpen) continue;
				this.#counters.frames += step.events;
				this.#counters.gaps += step.gaps;
			}
			if (this.#feed.isAt(step.positions)) {
				this.#behind.delete(connection);
				this.#feed.attach(connection);
				advanced = true;
			} else {
				const { positions } = step;
				this.#behind.set(connection, { ...behind, positions, joined: positions });
			}
		}
		return advanced;
	}

	/** What a connection at these positions is to be sent, and where it stands then. */
	#step(claimed: Positions, starts: readonly string[], stretches: readonly Stretch[]): Step {
		const { names } = this.#feed;
		let text = "";
		let events = 0;
		let gaps = 0;
		// Gaps first: a cursor after them says that they have been told.
		const positions = stretches.map((stretch, index) => {
			const claim = claimed[index];
			if (claim !== undefined && stretch.covers(claim)) return claim;
			text += this.#gap(stretch.channel, claim);
			gaps++;
			return starts[index] ?? beginning;
		});
		for (const [index, stretch] of stretches.entries()) {
			for (const decoded of stretch.after(positions[index] ?? beginning)) {
				positions[index] = decoded.storedAt ?? beginning;
				events++;
				// A single channel's cursor is its message's id.
				text +=
					names.length === 1 ? decoded.frame : decoded.framedAs(formatCursor(names, positions));
			}
			positions[index] = stretch.end(positions[index] ?? beginning);
		}
		// Told of the gap, the client needs a cursor that is none any more.
		if (gaps > 0) text += cursorFrame(formatCursor(names, positions));
		return { bytes: encoder.encode(text), positions, events, gaps };
	}

	#gap(channel: Channel, position: string | undefined): string {
		if (!this.#told.has(channel)) {
			this.#told.add(channel);
			this.#report(gapError(position), { stage: "replay", channel: channel.name });
		}
		return gapFrame(channel.name, position);
	}
}

function pause(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
