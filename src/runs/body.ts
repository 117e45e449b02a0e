import type { EndReason } from "../core/delivery/connection.ts";
import { ConnectorError } from "../core/errors.ts";
import { commentFrame, jitteredRetry } from "../core/message/frame.ts";
import type { Message } from "../core/message/message.ts";
import type { RunStream } from "../core/run-host.ts";
import type { Counters } from "../core/stats.ts";
import { RunError } from "./errors.ts";
import type { RunFormat } from "./format.ts";
import type { Step } from "./reader.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** How many bytes a client may leave unread before fetching pauses. */
const window = 65_536;

/** A client that reads nothing for this long, in ms, is disconnected. */
const patience = 60_000;

export interface BodyOptions {
	readonly format: RunFormat;
	/** Silence after which a comment is sent, in ms. */
	readonly keepAlive: number;
	/** In ms since 1970; `Infinity`: never. */
	readonly expires: number;
	readonly counters: Counters;
	/** Starts reading. The signal ends it. */
	read(signal: AbortSignal): AsyncGenerator<Step, void>;
	/** @returns a function that is called when the stream ends. */
	begin(stream: RunStream): (reason: EndReason) => void;
	report(error: unknown): void;
}

/** The response's body. Chunks are read as the client takes them. */
export function runBody(options: BodyOptions): ReadableStream<Uint8Array> {
	return new ReadableStream(new Body(options), {
		highWaterMark: window,
		size: ({ byteLength }) => byteLength,
	});
}

class Body implements RunStream {
	readonly #options: BodyOptions;
	readonly #abort = new AbortController();
	readonly #steps: AsyncGenerator<Step, void>;
	#controller!: ReadableStreamDefaultController<Uint8Array>;
	#over: (reason: EndReason) => void = () => undefined;
	#timer: ReturnType<typeof setInterval> | undefined;
	#writtenAt = performance.now();
	#takenAt = performance.now();

	constructor(options: BodyOptions) {
		this.#options = options;
		this.#steps = options.read(this.#abort.signal);
	}

	get isOpen(): boolean {
		return !this.#abort.signal.aborted;
	}

	/** Asks the client to reconnect. */
	askToReconnect(reason: "closed" | "disconnected" = "closed"): void {
		this.#breakOff(reason);
	}

	left(): void {
		this.#finish("left");
	}

	start(controller: ReadableStreamDefaultController<Uint8Array>): void {
		this.#controller = controller;
		this.#over = this.#options.begin(this);
		// The client may have left already; then `begin` reported it at once.
		if (!this.isOpen) {
			this.#over("left");
			controller.close();
			return;
		}
		// Bun sends no headers before the first chunk. Some proxies also wait for one.
		this.#write(encoder.encode(commentFrame));
		this.#timer = setInterval(() => this.#beat(), Math.min(this.#options.keepAlive, 1_000));
	}

	async pull(): Promise<void> {
		const { format, counters, report } = this.#options;
		this.#takenAt = performance.now();
		try {
			const { done, value } = await this.#steps.next();
			if (!this.isOpen) return;
			if (done) return this.#close("closed");
			if (value.end !== undefined) {
				const { end } = value;
				return this.#close("closed", () => format.end(end));
			}
			counters.frames++;
			this.#write(frameOf(format, value.message));
		} catch (error) {
			if (!this.isOpen) return;
			const isClosed = error instanceof ConnectorError && error.code === "closed";
			if (!isClosed) report(error);
			if (error instanceof RunError) this.#close("closed", () => format.failure());
			else this.#breakOff("closed");
		}
	}

	cancel(): void {
		this.left();
	}

	#beat(): void {
		const { keepAlive, expires } = this.#options;
		const now = performance.now();
		if (Date.now() >= expires) this.#breakOff("expired");
		else if ((this.#controller.desiredSize ?? 0) > 0) {
			this.#takenAt = now;
			if (now - this.#writtenAt >= keepAlive) this.#write(encoder.encode(commentFrame));
		} else if (now - this.#takenAt > patience) this.#breakOff("slow");
	}

	/** Ends the response before the run ends. A client that does not reconnect must not read this as the end of the run. */
	#breakOff(reason: EndReason): void {
		const { format } = this.#options;
		this.#close(reason, () =>
			format.comesBack ? (format.comeBack?.(jitteredRetry()) ?? "") : format.failure(),
		);
	}

	/** @param last writes the final frames; it may be a user's function. */
	#close(reason: EndReason, last = () => ""): void {
		if (!this.isOpen) return;
		this.#finish(reason);
		let text = "";
		try {
			text = last();
		} catch (error) {
			this.#options.report(error);
		}
		try {
			this.#write(encoder.encode(text));
			this.#controller.close();
		} catch {
			// The client left at the same moment.
		}
	}

	#finish(reason: EndReason): void {
		clearInterval(this.#timer);
		this.#abort.abort();
		// It may be between two chunks, where it does not notice a signal.
		this.#steps.return().catch(this.#options.report);
		this.#over(reason);
	}

	#write(bytes: Uint8Array): void {
		if (bytes.length === 0) return;
		this.#writtenAt = performance.now();
		this.#options.counters.bytes += bytes.length;
		this.#controller.enqueue(bytes);
	}
}

const frames = /* @__PURE__ */ new WeakMap<RunFormat, WeakMap<Message, Uint8Array>>();

/** The bytes of a chunk, encoded once for all live readers. */
function frameOf(format: RunFormat, message: Message): Uint8Array {
	let known = frames.get(format);
	if (known === undefined) {
		known = new WeakMap();
		frames.set(format, known);
	}
	let bytes = known.get(message);
	if (bytes === undefined) {
		bytes = encoder.encode(format.chunk(message));
		known.set(message, bytes);
	}
	return bytes;
}
