import { createParser } from "eventsource-parser";
import { clearTimeout, setTimeout } from "../testing/wait.ts";
import { codeOf, type Failure } from "./failure.ts";

/** The most bytes that are read of one stream. What is endless ends here. */
const mostBytes = 4_194_304;
/** The longest event, in characters. */
const longestEvent = 1_048_576;
/** The most events that are kept. A busy stream brings more, and only the last ones are looked at. */
const mostEvents = 1_000;

export interface SeenEvent {
	type: string;
	data: string;
	id: string | undefined;
	/** When it came, by `performance.now()`. */
	at: number;
}

/** What ended a stream. `full`: more came than is read. `closed`: by us. */
export type ProbeState = "open" | "ended" | "broken" | "full" | "closed";

/** Requests a stream as a browser does, and resolves with its head, or with why there is none. */
export async function openProbe(
	url: URL,
	headers: Readonly<Record<string, string>>,
	timeout: number,
	signal?: AbortSignal,
): Promise<StreamProbe | Failure> {
	const abort = new AbortController();
	const start = performance.now();
	let isLate = false;
	const timer = setTimeout(() => {
		isLate = true;
		abort.abort();
	}, timeout);
	const leave = () => abort.abort();
	signal?.addEventListener("abort", leave, { once: true });
	try {
		if (signal?.aborted) abort.abort();
		// No redirect is followed here: it could take a token along.
		const response = await fetch(url, { headers, redirect: "manual", signal: abort.signal });
		return new StreamProbe(response, abort, start);
	} catch (error) {
		const kind = isLate ? "timeout" : signal?.aborted ? "aborted" : "error";
		return { kind, code: codeOf(error), ms: performance.now() - start };
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener("abort", leave);
	}
}

/** Reads one answer as an event stream, and notes what came and when. Its memory is bounded. */
export class StreamProbe {
	readonly status: number;
	readonly headers: Headers;
	/** How long the head took, in ms. */
	readonly headMs: number;
	/** When the head came. This and the times below are of `performance.now()`. */
	readonly openedAt: number = performance.now();
	firstByteAt: number | undefined;
	lastByteAt: number = this.openedAt;
	/** The longest time between two reads with bytes, in ms. */
	longestSilence = 0;
	endedAt: number | undefined;
	bytes = 0;
	/** Includes frames that are not events. */
	comments = 0;
	eventCount = 0;
	/** The last events. */
	readonly events: SeenEvent[] = [];
	retry: number | undefined;
	state: ProbeState = "open";
	/** Why the stream broke, or what the parser could not read. */
	problem: string | undefined;
	readonly #abort: AbortController;
	readonly #watchers = new Set<() => void>();

	constructor({ status, headers, body }: Response, abort: AbortController, start: number) {
		this.status = status;
		this.headers = headers;
		this.headMs = this.openedAt - start;
		this.#abort = abort;
		void this.#read(body);
	}

	/** Whether anything of an event stream came: an event, a comment, or a `retry:`. */
	get hasFrames(): boolean {
		return this.comments > 0 || this.eventCount > 0 || this.retry !== undefined;
	}

	/** Leaves, as a page that is closed. Idempotent. */
	close(): void {
		if (this.state === "open") this.#over("closed");
		this.#abort.abort();
	}

	/** Resolves to whether the condition holds within this time, in ms. An end of the stream ends the wait. */
	when(condition: () => boolean, ms: number): Promise<boolean> {
		return new Promise((resolve) => {
			const settle = (holds: boolean) => {
				clearTimeout(timer);
				this.#watchers.delete(look);
				resolve(holds);
			};
			const look = () => {
				if (condition()) settle(true);
				else if (this.state !== "open") settle(false);
			};
			const timer = setTimeout(() => settle(condition()), ms);
			this.#watchers.add(look);
			look();
		});
	}

	/** Watches the stream for this time, in ms, or until it is over. */
	async watch(ms: number): Promise<void> {
		await this.when(() => false, ms);
	}

	async #read(body: ReadableStream<Uint8Array> | null): Promise<void> {
		const decoder = new TextDecoder();
		const parser = createParser({
			maxBufferSize: longestEvent,
			onEvent: ({ event = "message", data, id }) => {
				this.eventCount++;
				this.events.push({ type: event, data, id, at: performance.now() });
				if (this.events.length > mostEvents) this.events.shift();
			},
			onComment: () => {
				this.comments++;
			},
			onRetry: (ms) => {
				this.retry = ms;
			},
		});
		try {
			const reader = body?.getReader();
			for (;;) {
				const { done = true, value } = (await reader?.read()) ?? {};
				if (done || this.state !== "open") break;
				this.#count(value?.byteLength ?? 0);
				parser.feed(decoder.decode(value, { stream: true }));
				if (this.bytes > mostBytes) {
					this.#over("full");
					this.#abort.abort();
				}
				this.#changed();
			}
			this.#over("ended");
		} catch (error) {
			this.problem = codeOf(error);
			this.#over("broken");
			this.#abort.abort();
		}
	}

	#count(bytes: number): void {
		const now = performance.now();
		if (bytes === 0) return;
		this.firstByteAt ??= now;
		this.longestSilence = Math.max(this.longestSilence, now - this.lastByteAt);
		this.lastByteAt = now;
		this.bytes += bytes;
	}

	#over(state: ProbeState): void {
		if (this.state !== "open") return;
		this.state = state;
		this.endedAt = performance.now();
		this.#changed();
	}

	#changed(): void {
		for (const look of [...this.#watchers]) look();
	}
}
