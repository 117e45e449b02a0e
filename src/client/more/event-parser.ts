/** What is read from an event stream. */
export interface Heard {
	/** @param id the latest id, of this event or an earlier one; `""`: none so far. */
	onEvent(type: string, data: string, id: string): void;
	onRetry(ms: number): void;
	onComment(): void;
}

/** The longest event, in characters. */
const longest = 16_777_216;

/**
 * Reads an event stream by the standard's own steps. It is a part of the package, so that a page
 * without a bundler can load it.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class EventParser {
	readonly #heard: Heard;
	/** What came after the last line end. */
	#rest = "";
	/** The text so far ends in \r. A \n that comes next belongs to it. */
	#afterCr = false;
	#type = "";
	#data = "";
	#idBuffer = "";
	#lastEventId = "";

	constructor(heard: Heard) {
		this.#heard = heard;
	}

	/**
	 * Takes the next text, which may be cut anywhere. Calls back within the call.
	 *
	 * @throws {RangeError} when an event is too long to be held.
	 */
	feed(chunk: string): void {
		const text = this.#afterCr && chunk.startsWith("\n") ? chunk.slice(1) : chunk;
		if (chunk !== "") this.#afterCr = chunk.endsWith("\r");
		// Only the new text is searched. A long line may come in many pieces.
		const [first = "", ...lines] = text.split(/\r\n?|\n/);
		this.#rest += first;
		for (const next of lines) {
			this.#line(this.#rest);
			this.#rest = next;
		}
		if (this.#rest.length + this.#data.length > longest) {
			throw new RangeError(`The server sent an event of over ${longest} characters.`);
		}
	}

	#line(line: string): void {
		if (line === "") {
			this.#dispatch();
			return;
		}
		const colon = line.indexOf(":");
		if (colon === 0) this.#heard.onComment();
		const field = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
		if (field === "data") this.#data += `${value}\n`;
		else if (field === "event") this.#type = value;
		else if (field === "id" && !value.includes("\0")) this.#idBuffer = value;
		else if (field === "retry" && /^\d+$/.test(value)) this.#heard.onRetry(Number(value));
	}

	#dispatch(): void {
		const [type, data] = [this.#type || "message", this.#data];
		this.#type = "";
		this.#data = "";
		this.#lastEventId = this.#idBuffer;
		if (data !== "") this.#heard.onEvent(type, data.slice(0, -1), this.#lastEventId);
	}
}
