import { SseError } from "../core/errors.ts";
import { atEndOfTurn } from "../core/scheduling.ts";
import type { NumberedChannel, RelayTarget } from "./numbered-channel.ts";
import { lineText, pingInterval } from "./protocol.ts";

/** A relay is disconnected when it leaves more unread, in bytes. */
const mostUnread = 16_777_216;

const tooSlow =
	"A relay was disconnected: it left more than 16 MiB unread. It reconnects, and with history reads what it missed.";

const encoder = /* @__PURE__ */ new TextEncoder();

/** The hub's side of one stream to a relay. Lines that are written in one turn leave together. */
export class RelayStream implements RelayTarget {
	readonly body: ReadableStream<Uint8Array>;
	readonly channels = new Set<NumberedChannel>();
	readonly #ended: (stream: RelayStream, error?: SseError) => void;
	#controller!: ReadableStreamDefaultController<Uint8Array>;
	#pending = "";
	#over = false;
	readonly #timer: ReturnType<typeof setInterval>;

	/** @param ended called once, with an error when the relay was disconnected. */
	constructor(ended: (stream: RelayStream, error?: SseError) => void) {
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
		const error = new SseError("slow_consumer", tooSlow);
		this.#end(error);
		this.#controller.error(error);
	};

	#end(error?: SseError): void {
		if (this.#over) return;
		this.#over = true;
		clearInterval(this.#timer);
		for (const channel of this.channels) channel.remove(this);
		this.channels.clear();
		this.#ended(this, error);
	}
}
