import type { Channel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { formatCursor, type Positions } from "./cursor.ts";
import type { Decoded } from "./envelope.ts";
import type { ErrorHandler } from "./errors.ts";
import { SseError } from "./errors.ts";
import type { Feed } from "./feed.ts";
import { cursorFrame, gapFrame } from "./frame.ts";
import type { Page } from "./page.ts";
import { isAfter } from "./position.ts";

/** A connection that is behind, and where it stands in each channel. */
interface Behind {
	connection: Connection;
	positions: (string | undefined)[];
}

/** What came while the history was read, in UTF-16 code units; past it, it is read again. */
const recentLimit = 1_048_576;

/** How long a client that does not read is left alone before it is looked at again, in ms. */
const drainPause = 100;

const encoder = new TextEncoder();

/**
 * Joins the history to the live feed, for connections that came back or fell behind.
 *
 * All that wait are brought up together: each round reads each channel once, from the oldest of
 * their positions, and whoever stands at the same place is sent the same bytes. A connection that
 * has been sent all there is joins the feed within the same turn, so that nothing comes between.
 */
export class Replay {
	readonly #feed: Feed;
	readonly #report: ErrorHandler;
	readonly #behind = new Map<Connection, Behind>();
	/** What the feed brought since the round began, by channel. */
	#recent: Map<Channel, Decoded[]> | undefined;
	#recentSize = 0;
	#running = false;

	constructor(feed: Feed, report: ErrorHandler) {
		this.#feed = feed;
		this.#report = report;
	}

	get isEmpty(): boolean {
		return this.#behind.size === 0;
	}

	get connections(): Iterable<Connection> {
		return this.#behind.keys();
	}

	add(connection: Connection, positions: Positions): void {
		this.#behind.set(connection, { connection, positions: [...positions] });
		if (!this.#running) void this.#run();
	}

	delete(connection: Connection): void {
		this.#behind.delete(connection);
	}

	close(): void {
		this.#behind.clear();
	}

	onMessage(channel: Channel, decoded: Decoded, position: string | undefined): void {
		if (position === undefined || this.#recent === undefined) return;
		this.#recentSize += decoded.frame.length;
		if (this.#recentSize > recentLimit) this.#recent = undefined;
		else this.#recent.get(channel)?.push(decoded);
	}

	onGap(channel: Channel, _position: string): void {
		// Whoever is behind is told by its own position, which the history does not cover either.
		this.#recent?.delete(channel);
	}

	async #run(): Promise<void> {
		this.#running = true;
		// Whoever comes in the same turn shares the first round.
		await Promise.resolve();
		while (this.#behind.size > 0) {
			const ready = [...this.#behind.values()].filter(({ connection }) => connection.isDrained);
			try {
				const advanced = ready.length > 0 && (await this.#round(ready));
				// The rest reads slowly, or waits for the feed to catch up with the history.
				if (!advanced && this.#behind.size > 0) await pause(drainPause);
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
		this.#recent = new Map(channels.map((channel) => [channel, []]));
		this.#recentSize = 0;
		const pages = await Promise.all(
			channels.map((channel, index) => {
				const from = oldest(ready, index, channel);
				return from === undefined ? undefined : channel.read(from);
			}),
		);
		// From here on nothing is awaited: what was flushed and what is recent stay what they are.
		this.#feed.flush();
		const shared = new Map<string, { bytes: Uint8Array; positions: string[] }>();
		let advanced = false;
		for (const behind of ready) {
			if (!this.#behind.has(behind.connection)) continue;
			const place = behind.positions.join();
			const step = shared.get(place) ?? this.#step(behind.positions, pages);
			shared.set(place, step);
			behind.positions = step.positions;
			if (step.bytes.length > 0) advanced = behind.connection.write(step.bytes) || advanced;
			if (!behind.connection.isOpen || !this.#feed.isAt(step.positions)) continue;
			this.#behind.delete(behind.connection);
			this.#feed.attach(behind.connection);
			advanced = true;
		}
		this.#recent = undefined;
		return advanced;
	}

	/** What a connection at these positions is to be sent, and where it stands then. */
	#step(from: Positions, pages: readonly (Page | undefined)[]) {
		const { channels, names } = this.#feed;
		let text = "";
		let gap = false;
		const positions = channels.map((channel, index) => from[index] ?? channel.position);
		for (const [index, channel] of channels.entries()) {
			const page = pages[index];
			const position = positions[index] ?? "";
			const lost = from[index] === undefined || !covered(position, channel, page);
			if (lost) {
				gap = true;
				text += this.#gap(channel, from[index]);
				// What it claims to have seen is not here: it goes on from what is.
				if (from[index] !== undefined && isAfter(position, channel.position)) {
					positions[index] = channel.position;
				}
			}
			const missed = [...(page?.messages ?? []), ...(page?.more ? [] : this.#recentOf(channel))];
			for (const decoded of missed) {
				const { storedAt } = decoded;
				if (storedAt === undefined || !isAfter(storedAt, positions[index] ?? "")) continue;
				positions[index] = storedAt;
				text += decoded.framedAs(formatCursor(names, positions));
			}
		}
		// Told of the gap, the client needs a cursor that is none any more.
		if (gap) text += cursorFrame(formatCursor(names, positions));
		return { bytes: encoder.encode(text), positions };
	}

	#recentOf(channel: Channel): readonly Decoded[] {
		return this.#recent?.get(channel) ?? [];
	}

	#gap(channel: Channel, position: string | undefined): string {
		const message = `The history of the channel does not reach back to ${position ?? "the client's cursor"}.`;
		this.#report(new SseError("gap", message), { stage: "replay", channel: channel.name });
		return gapFrame(channel.name, position);
	}
}

/** Where to read a channel from, for all of these; undefined when nobody misses anything. */
function oldest(ready: readonly Behind[], index: number, channel: Channel): string | undefined {
	let from = channel.position;
	let missing = false;
	for (const { positions } of ready) {
		const position = positions[index];
		if (position === undefined || position === channel.position) continue;
		missing = true;
		if (isAfter(from, position)) from = position;
	}
	return missing ? from : undefined;
}

function covered(position: string, channel: Channel, page: Page | undefined): boolean {
	if (page === undefined) return true;
	// A position after this page is judged by the page that has it.
	if (page.more && isAfter(position, page.end)) return true;
	return position === channel.position || page.covers(position);
}

function pause(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
