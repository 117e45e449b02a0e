import { type ErrorHandler, gapError } from "../errors.ts";
import type { Decoded } from "../message/envelope.ts";
import { cursorFrame, gapFrame } from "../message/frame.ts";
import { beginning, isEmpty } from "../message/position.ts";
import { isAhead, type Lag, oldest, start } from "./behind.ts";
import { formatCursor, type Positions } from "./cursor.ts";
import { Recent } from "./recent.ts";
import { type Read, Stretch } from "./stretch.ts";
import type { ReplayChannel } from "./types.ts";

/** What whoever stands at one place is sent. */
export interface Step {
	bytes: Uint8Array;
	/** Where it stands then. */
	positions: string[];
	events: number;
	gaps: number;
}

/** What is remembered of steps, in bytes: clients that stand at different places have one each. */
const stepsLimit = 16_777_216;

const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * What was read of a feed's channels at one time, with what the feed has brought since. Whoever stands at the same
 * place is sent the same bytes.
 */
export class Reading {
	readonly #channels: readonly ReplayChannel[];
	readonly #report: ErrorHandler;
	readonly #recent: Recent;
	#reads: readonly Read[];
	/** Undefined: to be made anew, for the feed has brought something. */
	#stretches: readonly Stretch[] | undefined;
	readonly #steps = new Map<string, Step>();
	/** Of the steps together, in bytes. */
	#size = 0;
	#kept = false;

	/** @param wave for whom it is read. */
	constructor(channels: readonly ReplayChannel[], wave: readonly Lag[], report: ErrorHandler) {
		this.#channels = channels;
		this.#report = report;
		this.#recent = new Recent(channels);
		this.#reads = channels.map((channel, index) => ({
			channel,
			livePosition: channel.position,
			from: oldest(wave, index, channel.position),
			page: undefined,
			fresh: wave.some((behind) => isAhead(behind, channel, index)),
		}));
	}

	/** @throws {ConnectorError} when the broker is away. */
	async load(): Promise<void> {
		this.#reads = await Promise.all(
			this.#reads.map(async (read) => {
				const { from, channel, fresh } = read;
				if (from === undefined) return read;
				return { ...read, page: await channel.reader?.read(from, fresh) };
			}),
		);
	}

	/** The feed brought a message that is kept. */
	onMessage(channel: ReplayChannel, decoded: Decoded): void {
		this.#recent.add(channel, decoded);
		this.#change();
	}

	/** The feed has missed something. */
	onGap(channel: ReplayChannel): void {
		this.#recent.forget(channel);
		this.#change();
	}

	#change(): void {
		this.#stretches = undefined;
		this.#forgetSteps();
	}

	#forgetSteps(): void {
		this.#steps.clear();
		this.#size = 0;
	}

	/** @returns whether it serves those too who come later: nothing is missing between it and the feed. */
	keep(): boolean {
		this.#kept = this.#current().every((stretch) => stretch.isSeamless);
		return this.#kept;
	}

	/** Whether it begins early enough for a connection, and can judge what that claims. */
	canServe(behind: Lag): boolean {
		return this.#current().every((stretch, index) => {
			// Who comes later must find all there is. One who knows more than the feed needs the history itself.
			const { channel, isSeamless } = stretch;
			if (this.#kept && (!isSeamless || isAhead(behind, channel, index))) return false;
			return stretch.canServe(behind.positions[index], start(behind, index));
		});
	}

	/** What a connection that it reaches is to be sent. */
	step(behind: Lag): Step {
		const { positions } = behind;
		const starts = this.#channels.map((_, index) => start(behind, index));
		const place = `${positions} ${starts}`;
		let step = this.#steps.get(place);
		if (step === undefined) {
			if (this.#size > stepsLimit) this.#forgetSteps();
			step = this.#compose(positions, starts);
			this.#size += step.bytes.length;
			this.#steps.set(place, step);
		}
		return step;
	}

	#compose(claimed: Positions, starts: readonly string[]): Step {
		const names = this.#channels.map(({ name }) => name);
		const stretches = this.#current();
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
		// Told of a gap, the client needs a cursor that is none. One that still sees a channel empty needs the newest
		// time at which it was: nobody can tell what came after too old a one.
		const refreshed = positions.some((each, index) => isEmpty(each) && each !== claimed[index]);
		if (gaps > 0 || refreshed) text += cursorFrame(formatCursor(names, positions));
		return { bytes: encoder.encode(text), positions, events, gaps };
	}

	#gap(channel: ReplayChannel, position: string | undefined): string {
		this.#report(gapError(position), { stage: "replay", channel: channel.name });
		return gapFrame(channel.name, position);
	}

	#current(): readonly Stretch[] {
		this.#stretches ??= this.#reads.map((read) => new Stretch(read, this.#recent.of(read.channel)));
		return this.#stretches;
	}
}
