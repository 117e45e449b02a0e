import { atEndOfTurn } from "../core/scheduling.ts";
import type { NumberedChannel, RelayTarget } from "./numbered-channel.ts";
import { lineText, pingInterval } from "./protocol.ts";

/** A relay that has left more unread, in bytes, is disconnected. It comes back, and reads the history. */
const mostUnread = 16_777_216;

const encoder = /* @__PURE__ */ new TextEncoder();

/** The hub's side of one stream to a relay. Lines that are written in one turn leave together. */
export class RelayStream implements RelayTarget {
	readonly body: ReadableStream<Uint8Array>;
	readonly channels = new Set<NumberedChannel>();
	readonly #ended: (stream: RelayStream) => void;
	#controller!: ReadableStreamDefaultController<Uint8Array>;
	#pending = "";
	#over = false;
	readonly #timer: ReturnType<typeof setInterval>;

	/** @param ended called once. */
	constructor(ended: (stream: RelayStream) => void) {
		this.#ended = ended;
		this.body = new ReadableStream<Uint8Array>(
			{
				start: (controller) => {
					this.#controller = controller;
				},
				cancel: () => this.#end(),
			},
			{ highWaterMark: mostUnread, size: (chunk) => chunk?.length ?? 0 },
		);
		this.#timer = setInterval(() => this.write(lineText(["ping"])), pingInterval);
	}

	get isOpen(): boolean {
		return !this.#over;
	}

	write(text: string): void {
		if (this.#over) return;
		if (this.#pending === "") atEndOfTurn(this.#flush);
		this.#pending += text;
	}

	/** Ends the stream: the hub closes, or the relay has left. */
	close(): void {
		if (this.#over) return;
		this.#flush();
		if (this.#over) return;
		this.#end();
		this.#controller.close();
	}

	readonly #flush = (): void => {
		const text = this.#pending;
		this.#pending = "";
		if (this.#over || text === "") return;
		this.#controller.enqueue(encoder.encode(text));
		if ((this.#controller.desiredSize ?? 0) > 0) return;
		this.#end();
		this.#controller.error(new Error("The relay read too slowly."));
	};

	#end(): void {
		if (this.#over) return;
		this.#over = true;
		clearInterval(this.#timer);
		for (const channel of this.channels) channel.remove(this);
		this.channels.clear();
		this.#ended(this);
	}
}
