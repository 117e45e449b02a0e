import { type ErrorHandler, gapError } from "../errors.ts";
import type { Decoded } from "../message/envelope.ts";
import { cursorFrame, gapFrame } from "../message/frame.ts";
import type { Message } from "../message/message.ts";
import { beginning, isEmpty } from "../message/position.ts";
import { formatCursor } from "./cursor.ts";
import type { Log, Read } from "./log.ts";
import { type Place, placeAt, type Step, startOf } from "./run.ts";

/** What a client is sent, and its places after that. */
export interface Render {
	readonly bytes: Uint8Array;
	readonly places: readonly Place[];
	readonly events: number;
	readonly gaps: number;
}

/** Which of a feed's messages its clients get. */
export interface Selection {
	/** Equal for clients that get the same messages. Empty: all messages. */
	readonly key: string;
	passes(message: Message, channel: string): boolean;
}

/** Which messages the clients of a feed get, and how. */
export interface View {
	/** Whether each event's data is `{"channel": …, "data": …}`. */
	readonly envelope: boolean;
	/** Whether the cursor of a single channel names it, as that of several does. */
	readonly named: boolean;
	readonly selection: Selection;
}

/** Frames a feed's events, with the feed's cursor as their id, and with or without an envelope. */
export class Framing {
	readonly names: readonly string[];
	readonly #view: View;

	constructor(names: readonly string[], view: View) {
		this.names = names;
		this.#view = view;
	}

	get isNamed(): boolean {
		return this.#view.named;
	}

	/** The cursor of a client that stands at these positions. */
	cursor(positions: readonly string[]): string {
		return formatCursor(this.names, positions, this.#view.named);
	}

	/**
	 * @param index the index of the message's channel.
	 * @param positions the position in each channel, after this message. Undefined: the message is not kept.
	 * @returns the frame. It is empty when the message is filtered out.
	 */
	frame(decoded: Decoded, index: number, positions: readonly string[] | undefined): string {
		const { selection, envelope, named } = this.#view;
		const channel = this.names[index] ?? "";
		if (!selection.passes(decoded.message, channel)) return "";
		const isPlain = positions === undefined || (this.names.length === 1 && !named);
		// A single channel's cursor is its message's id.
		const id = isPlain ? decoded.message.id : this.cursor(positions);
		if (envelope) return decoded.envelopedAs(id, channel);
		return isPlain ? decoded.frame : decoded.framedAs(id);
	}
}

/** The most bytes of renders that are kept. Clients at different places have one each. */
const limit = 16_777_216;

const encoder = /* @__PURE__ */ new TextEncoder();

/** Renders what clients missed. Clients at the same place are sent the same bytes. */
export class Renders {
	readonly #framing: Framing;
	readonly #logs: readonly Log[];
	readonly #report: ErrorHandler;
	/** Renders by place. Any change of the feed or the history clears them. */
	readonly #known = new Map<string, Render>();
	/** In bytes. */
	#size = 0;

	constructor(framing: Framing, logs: readonly Log[], report: ErrorHandler) {
		this.#framing = framing;
		this.#logs = logs;
		this.#report = report;
	}

	clear(): void {
		this.#known.clear();
		this.#size = 0;
	}

	/** @returns undefined when another read is needed. */
	render(places: readonly Place[], reads: readonly (Read | undefined)[]): Render | undefined {
		const key = places.map(({ claimed, joined }) => `${claimed} ${joined}`).join();
		let render = this.#known.get(key);
		if (render !== undefined) return render;
		const steps: Step[] = [];
		for (const [index, log] of this.#logs.entries()) {
			const step = log.step(placeAt(places, index), reads[index]);
			if (step === undefined) return undefined;
			steps.push(step);
		}
		render = this.#compose(places, steps);
		if (this.#size > limit) this.clear();
		this.#size += render.bytes.length;
		this.#known.set(key, render);
		return render;
	}

	#compose(places: readonly Place[], steps: readonly Step[]): Render {
		const { names } = this.#framing;
		let text = "";
		let events = 0;
		let gaps = 0;
		let isFilteredOut = false;
		// Gaps come first. A cursor after them says that the client was told.
		const positions = steps.map(({ gap, claimed }, index) => {
			const place = placeAt(places, index);
			if (!gap) return place.claimed ?? claimed ?? beginning;
			const name = names[index] ?? "";
			this.#report(gapError(place.claimed), { stage: "replay", channel: name });
			text += gapFrame(name, place.claimed);
			gaps++;
			return startOf(place);
		});
		for (const [index, { messages, claimed }] of steps.entries()) {
			for (const decoded of messages) {
				positions[index] = decoded.storedAt ?? beginning;
				const frame = this.#framing.frame(decoded, index, positions);
				isFilteredOut = frame === "";
				if (!isFilteredOut) events++;
				text += frame;
			}
			positions[index] = claimed ?? beginning;
		}
		// After a gap, the client needs a cursor without one. A client that still sees a channel empty needs the newest
		// time at which it was empty, because too old a time cannot be judged. A client whose last message was filtered out
		// needs a cursor after it.
		const refreshed = steps.some(
			({ claimed = "" }, index) => isEmpty(claimed) && claimed !== places[index]?.claimed,
		);
		if (gaps > 0 || refreshed || isFilteredOut)
			text += cursorFrame(this.#framing.cursor(positions));
		return { bytes: encoder.encode(text), places: steps, events, gaps };
	}
}
