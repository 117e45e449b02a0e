import type { Disconnect } from "../control/disconnect.ts";
import { type Positions, parseCursor, withLive } from "../history/cursor.ts";
import type { Log, Read } from "../history/log.ts";
import type { Selection } from "../history/render.ts";
import { type Place, placeAt, type Step, startOf } from "../history/run.ts";
import type { Decoded } from "../message/envelope.ts";
import type { Message } from "../message/message.ts";
import { beginning, isSame } from "../message/position.ts";
import { atEndOfTurn } from "../scheduling.ts";
import { type Batch, batchOf } from "./batch.ts";
import type { Channel, Outlet } from "./channel.ts";
import type { Hub } from "./hub.ts";
import { firstJson, type JsonView } from "./message-json.ts";

export interface PollOptions {
	/** Undefined: from now on. */
	readonly lastEventId: string | undefined;
	/** Messages, at most. */
	readonly limit: number;
	/** How long to wait for the first message, in ms. */
	readonly wait: number;
	/** Selects the messages. */
	readonly selection: Selection;
	readonly view: JsonView;
	/** How many of each channel's newest messages one without a cursor begins with. */
	readonly recent: number;
	/** Makes the route's own first events. */
	readonly first: (() => Promise<readonly Message[]>) | undefined;
	/** Ends the wait: the client has left, or the instance closes. */
	readonly signals: readonly AbortSignal[];
	/** A channel's broker tells it which streams to end. */
	readonly onDisconnect: (disconnect: Disconnect) => void;
}

/** How long a client that is ahead of the feed waits for it, in ms. */
const feedPause = 100;

/** Answers one request that reads messages without a stream. */
export class Poll implements Outlet {
	readonly #hub: Hub;
	readonly #names: readonly string[];
	readonly #options: PollOptions;
	/** Messages that are not stored and came during the wait. */
	#liveOnly: { channel: string; decoded: Decoded }[] = [];
	/** Events of the route's own, as JSON. */
	#first: readonly string[] = [];
	#wake: (() => void) | undefined;
	#error: Error | undefined;

	constructor(hub: Hub, names: readonly string[], options: PollOptions) {
		this.#hub = hub;
		this.#names = names.toSorted();
		this.#options = options;
	}

	onMessage(channel: Channel, decoded: Decoded, position: string | undefined): void {
		const { limit, selection } = this.#options;
		if (position === undefined) {
			if (this.#liveOnly.length === limit) return;
			if (!selection.passes(decoded.message, channel.name)) return;
			this.#liveOnly.push({ channel: channel.name, decoded });
		}
		this.#wake?.();
	}

	onGap(): void {
		this.#wake?.();
	}

	onEnd(_channel: Channel, error: Error): void {
		this.#error = error;
		this.#wake?.();
	}

	onDisconnect(disconnect: Disconnect): void {
		this.#options.onDisconnect(disconnect);
	}

	/** @throws {ConnectorError} when the broker is away or refuses. */
	async answer(): Promise<Batch> {
		const { channels, stop } = await this.#hub.listen(this.#names, this);
		const logs = channels.flatMap(({ log }) => log ?? []);
		for (const log of logs) log.retain();
		try {
			return await this.#poll(channels, logs);
		} finally {
			for (const log of logs) log.release();
			stop();
		}
	}

	async #poll(channels: readonly Channel[], logs: readonly Log[]): Promise<Batch> {
		const { wait, signals, first } = this.#options;
		const deadline = performance.now() + wait;
		let places = await this.#places(channels, logs);
		// Messages that are published meanwhile follow them.
		this.#first = (await first?.())?.map(firstJson) ?? [];
		for (;;) {
			for (const log of logs) log.open();
			const reads = await this.#reads(logs, places);
			if (this.#error !== undefined) throw this.#error;
			const steps = logs.map((log, index) =>
				this.#selected(log.step(placeAt(places, index), reads[index]), index),
			);
			const left = deadline - performance.now();
			const isFirst = this.#first.length > 0;
			if (isFirst || this.#liveOnly.length > 0 || steps.some(isNews) || left <= 0) {
				return this.#batch(places, steps);
			}
			const isStuck = steps.every(
				(step, index) => step === undefined || step.claimed === placeAt(places, index).claimed,
			);
			places = steps.map((step, index) => step ?? placeAt(places, index));
			const isCaughtUp = !steps.includes(undefined) && isLive(channels, places);
			// The signal of a client that left during the reads does not fire again.
			const isOver = () => signals.some(({ aborted }) => aborted);
			if (!isOver() && isCaughtUp) await this.#news(left);
			else if (!isOver() && isStuck) await this.#news(Math.min(left, feedPause));
			// Messages that arrive in one task are answered together.
			await new Promise<void>(atEndOfTurn);
			if (isOver()) return this.#batch(places, []);
		}
	}

	/** A message that is filtered out still moves the client's position. */
	#selected(step: Step | undefined, index: number): Step | undefined {
		const channel = this.#names[index] ?? "";
		const { selection } = this.#options;
		const passes = ({ message }: Decoded) => selection.passes(message, channel);
		return step && { ...step, messages: step.messages.filter(passes) };
	}

	#batch(places: readonly Place[], steps: readonly (Step | undefined)[]): Batch {
		const { limit, view } = this.#options;
		const extras = { limit, view, first: this.#first, liveOnly: this.#liveOnly };
		return batchOf(this.#names, places, steps, extras);
	}

	async #reads(logs: readonly Log[], places: readonly Place[]) {
		try {
			return await Promise.all(logs.map((log, index) => read(log, placeAt(places, index))));
		} catch (error) {
			this.#hub.report(error, { stage: "replay", channel: this.#names.join() });
			throw error;
		}
	}

	async #places(channels: readonly Channel[], logs: readonly Log[]): Promise<readonly Place[]> {
		const { lastEventId, recent } = this.#options;
		const joined = channels.map(({ position }) => position);
		let claimed: Positions = joined;
		if (lastEventId !== undefined) {
			claimed = withLive(parseCursor(this.#names, lastEventId), joined);
		} else if (recent > 0) claimed = await Promise.all(logs.map((log) => log.before(recent)));
		return joined.map((position, index) => ({ claimed: claimed[index], joined: position }));
	}

	/** Waits for a message, the abort signal, or the deadline. */
	async #news(ms: number): Promise<void> {
		const { signals } = this.#options;
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, ms);
			this.#wake = () => {
				clearTimeout(timer);
				resolve();
			};
			for (const signal of signals) signal.addEventListener("abort", this.#wake);
		});
		for (const signal of signals) signal.removeEventListener("abort", this.#wake as () => void);
		this.#wake = undefined;
	}
}

async function read(log: Log, place: Place): Promise<Read | undefined> {
	return log.canServe(place) ? undefined : log.read(startOf(place), log.isAhead(place));
}

function isNews(step: Step | undefined): boolean {
	return step !== undefined && (step.gap || step.messages.length > 0);
}

function isLive(channels: readonly Channel[], places: readonly Place[]): boolean {
	return channels.every(({ position }, index) =>
		isSame(placeAt(places, index).claimed ?? beginning, position),
	);
}
