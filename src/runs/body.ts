import type { EndReason } from "../core/delivery/connection.ts";
import { ConnectorError } from "../core/errors.ts";
import { commentFrame } from "../core/message/frame.ts";
import type { Message } from "../core/message/message.ts";
import { RunError } from "./errors.ts";
import type { RunFormat } from "./format.ts";
import type { Step } from "./reader.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** What a client may leave unread before its chunks are no longer fetched, in bytes. */
const window = 65_536;

/** A client that has read nothing for so long, in ms, is cut off. */
const patience = 60_000;

export interface BodyOptions {
	readonly format: RunFormat;
	/** Silence after which a comment is sent, in ms. */
	readonly keepAlive: number;
	/** In ms since 1970; `Infinity`: never. */
	readonly expires: number;
	/** Begins to read; the signal ends it. */
	read(signal: AbortSignal): AsyncGenerator<Step, void>;
	/** @param gone called when the client leaves. @returns what is called when the stream is over. */
	begin(gone: () => void): (reason: EndReason) => void;
	report(error: unknown): void;
}

/** The response's body. Chunks are read as the client takes them. */
export function runBody(options: BodyOptions): ReadableStream<Uint8Array> {
	const { format, keepAlive, expires } = options;
	const abort = new AbortController();
	const steps = options.read(abort.signal);
	let over: (reason: EndReason) => void = () => undefined;
	let timer: ReturnType<typeof setInterval> | undefined;
	let writtenAt = performance.now();
	let takenAt = writtenAt;

	const finish = (reason: EndReason) => {
		clearInterval(timer);
		abort.abort();
		// It may stand between two chunks, where it hears no signal.
		steps.return().catch(options.report);
		over(reason);
	};
	const close = (controller: ReadableStreamDefaultController<Uint8Array>, reason: EndReason) => {
		if (abort.signal.aborted) return;
		finish(reason);
		try {
			controller.close();
		} catch {
			// The client has left in the same moment.
		}
	};
	const write = (controller: ReadableStreamDefaultController<Uint8Array>, bytes: Uint8Array) => {
		writtenAt = performance.now();
		controller.enqueue(bytes);
	};
	const beat = (controller: ReadableStreamDefaultController<Uint8Array>) => {
		const now = performance.now();
		if (Date.now() >= expires) close(controller, "expired");
		else if ((controller.desiredSize ?? 0) > 0) {
			takenAt = now;
			if (now - writtenAt >= keepAlive) write(controller, encoder.encode(commentFrame));
		} else if (now - takenAt > patience) close(controller, "slow");
	};
	return new ReadableStream<Uint8Array>(
		{
			start(controller) {
				over = options.begin(() => finish("left"));
				// The client may have left before, and `begin` has said so at once.
				if (abort.signal.aborted) {
					over("left");
					controller.close();
					return;
				}
				// Bun sends no headers before a first chunk, and some proxies wait for one too.
				write(controller, encoder.encode(commentFrame));
				timer = setInterval(beat, Math.min(keepAlive, 1_000), controller);
			},
			async pull(controller) {
				takenAt = performance.now();
				try {
					const { done, value } = await steps.next();
					if (abort.signal.aborted) return;
					if (done) return close(controller, "closed");
					if (value.end === undefined) return write(controller, frameOf(format, value.message));
					const last = encoder.encode(format.end(value.end));
					if (last.length > 0) write(controller, last);
					close(controller, "closed");
				} catch (error) {
					if (abort.signal.aborted) return;
					const isClosed = error instanceof ConnectorError && error.code === "closed";
					if (!isClosed) options.report(error);
					const text = error instanceof RunError ? format.failure() : "";
					if (text !== "") write(controller, encoder.encode(text));
					close(controller, "closed");
				}
			},
			cancel() {
				finish("left");
			},
		},
		{ highWaterMark: window, size: ({ byteLength }) => byteLength },
	);
}

const frames = /* @__PURE__ */ new WeakMap<RunFormat, WeakMap<Message, Uint8Array>>();

/** The bytes of a chunk, made once for all who read it live. */
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
