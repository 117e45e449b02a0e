import { formatNamed, live, type Positions } from "../core/history/cursor.ts";

const decoder = /* @__PURE__ */ new TextDecoder();
const encoder = /* @__PURE__ */ new TextEncoder();

/** An `id:` line of a frame. No other line begins like this: data follows `data:`. */
const idLine = /(^|\n)id:([^\n]*)\n/g;

type Write = (event: Uint8Array) => Promise<void>;

/**
 * Merges the ids of several channels' streams: each `id:` is one channel's position, and
 * becomes the cursor of everything sent so far from all channels.
 *
 * A channel that the client's cursor does not name has no position until its stream's first id.
 * Until all channels have one, events with an id wait, and their streams are not read on. Then
 * the first ids leave together, as one cursor. A client that is disconnected before the last of
 * them still has its old cursor.
 */
export class Cursors {
	readonly #names: readonly string[];
	/** The position of each channel that the client has been sent, or says that it has. */
	readonly #sent: string[];
	/** Channels without a position. */
	readonly #unknown = new Set<number>();
	/** The first events with an id, of channels that had no position. */
	#firsts: { channel: number; event: string }[] = [];
	#waiting: (() => void)[] = [];

	/** @param positions the client's cursor. */
	constructor(names: readonly string[], positions: Positions) {
		this.#names = names;
		this.#sent = positions.map((position) => position ?? "");
		for (const [channel, position] of positions.entries()) {
			if (position === undefined || position === live) this.#unknown.add(channel);
		}
	}

	/** Passes on whole events of one channel's stream, in order. */
	async pass(channel: number, events: Uint8Array, write: Write): Promise<void> {
		let text = decoder.decode(events);
		if (this.#unknown.size > 0) text = await this.#holdBack(channel, text, write);
		if (text !== "") await write(encoder.encode(this.#rewritten(channel, text)));
	}

	/** Releases what waits: every channel has a position, or has ended. */
	readonly recoverPage = (): void => {
		for (const resume of this.#waiting.splice(0)) resume();
	};

	/** @returns what to send once every channel has a position. */
	async #holdBack(channel: number, text: string, write: Write): Promise<string> {
		const id = text.search(idLine);
		// Without an id it says nothing about a position.
		if (id === -1) {
			await write(encoder.encode(text));
			return "";
		}
		const start = text.lastIndexOf("\n\n", id) === -1 ? 0 : text.lastIndexOf("\n\n", id) + 2;
		if (start > 0) await write(encoder.encode(text.slice(0, start)));
		let rest = text.slice(start);
		if (this.#unknown.delete(channel)) {
			const end = rest.indexOf("\n\n") + 2;
			this.#firsts.push({ channel, event: rest.slice(0, end) });
			rest = rest.slice(end);
			if (this.#unknown.size === 0) {
				const written = write(encoder.encode(this.#opening()));
				this.recoverPage();
				await written;
			}
		}
		if (this.#unknown.size > 0) await new Promise<void>((resume) => this.#waiting.push(resume));
		return rest;
	}

	#opening(): string {
		const last = this.#firsts.length - 1;
		const texts = this.#firsts.map(({ channel, event }, index) => {
			const text = this.#rewritten(channel, event);
			if (index === last) return text;
			const withoutId = text.replace(idLine, "$1");
			return withoutId === "\n" ? "" : withoutId;
		});
		this.#firsts = [];
		return texts.join("");
	}

	#rewritten(channel: number, text: string): string {
		return text.replace(idLine, (_, before: string, position: string) => {
			this.#sent[channel] = position;
			return `${before}id:${formatNamed(this.#names, this.#sent)}\n`;
		});
	}
}
