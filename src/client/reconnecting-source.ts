import type { ClientState, StreamUrl } from "./types.ts";

/** What a stream is opened with, and whom it tells. */
export interface Listener {
	/** Where to begin; undefined: with what is new. */
	readonly cursor: string | undefined;
	/** The types to listen for; an EventSource hands out no others. */
	readonly types: ReadonlySet<string>;
	/** @param id the last one so far, with this event or before it; `""`: there was none. */
	onEvent(type: string, data: string, id: string): void;
	onState(state: ClientState): void;
}

export interface SourceOptions {
	url: StreamUrl;
	withCredentials: boolean;
	watchdog: number | undefined;
	retry: boolean;
}

/** ms; the n-th attempt waits up to twice as long as the one before it, and at least half of that. */
const firstWait = 2_000;
const longestWait = 60_000;

/** A stream that lasted this long, in ms, was a good one: what comes after it is a first attempt. */
const goodWhile = 5_000;

/** Of pings that do not say how often they come, in ms: one may be early, or the first of a stream. */
const leastInterval = 5_000;

/** One EventSource after the other: each begins where the one before it was lost. */
export class Source {
	readonly #options: SourceOptions;
	readonly #listener: Listener;
	#source: EventSource | undefined;
	/** Tells an opening that was overtaken while the URL was being made. */
	#opening = 0;
	#openedAt = 0;
	#attempts = 0;
	#heardAt = 0;
	#silence: number;
	/** The next attempt, or while the stream is open the end of its silence. */
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(options: SourceOptions, listener: Listener) {
		this.#options = options;
		this.#listener = listener;
		this.#silence = options.watchdog ?? 0;
	}

	/** Opens the stream, instead of the one that there is. */
	open(): void {
		this.close();
		this.#listener.onState("connecting");
		const opening = this.#opening;
		this.#connect(opening).catch((error: unknown) => {
			if (opening !== this.#opening) return; // nobody waits for that URL any more
			reportError(error);
			this.#openLater();
		});
	}

	async #connect(opening: number): Promise<void> {
		const { url, withCredentials } = this.#options;
		const target = new URL(typeof url === "function" ? await url() : url, location.href);
		if (opening !== this.#opening) return;
		const { cursor, types } = this.#listener;
		// An EventSource can send no header but its own, which a new one does not have.
		if (cursor !== undefined) target.searchParams.set("lastEventId", cursor);
		this.#source = new EventSource(target, { withCredentials });
		for (const type of ["open", "error", ...types]) this.listen(type);
		this.#heard();
	}

	listen(type: string): void {
		this.#source?.addEventListener(type, this.#receive);
	}

	/** Opens a stream anew that should have been heard of. */
	check(): void {
		const silent = this.#silence > 0 && Date.now() - this.#heardAt > this.#silence;
		if (silent && this.#source !== undefined) this.open();
	}

	/** The network is back: whatever is open is dead, or soon will be. */
	reopen(): void {
		if (this.#source === undefined && this.#timer === undefined) return;
		this.#attempts = 0;
		this.open();
	}

	close(): void {
		this.#opening++;
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#source?.close();
		this.#source = undefined;
	}

	readonly #receive = (event: Event): void => {
		// A publisher may name an event "open" or "error", which says nothing about the connection.
		if (event instanceof MessageEvent) this.#event(event);
		else if (event.type === "error") this.#lost();
		else {
			this.#openedAt = Date.now();
			this.#heard();
			this.#listener.onState("open");
		}
	};

	#event({ type, data, lastEventId }: MessageEvent<string>): void {
		if (type === "sse.ping") {
			// It says how often it comes; else it came after that much silence.
			const interval = Number(data) || Math.max(Date.now() - this.#heardAt, leastInterval);
			this.#silence = this.#options.watchdog ?? 3 * interval;
		}
		this.#heard();
		this.#listener.onEvent(type, data, lastEventId);
	}

	#lost(): void {
		const refused = this.#source?.readyState === EventSource.CLOSED;
		clearTimeout(this.#timer);
		if (refused && !this.#options.retry) {
			this.close();
			this.#listener.onState("closed");
		} else if (refused || typeof this.#options.url === "function") {
			this.#openLater();
		} else {
			// It comes back by itself, when the server's `retry:` says so, which only it can read.
			this.#listener.onState("waiting");
		}
	}

	#openLater(): void {
		this.close();
		if (Date.now() - this.#openedAt > goodWhile && this.#openedAt > 0) this.#attempts = 0;
		this.#openedAt = 0;
		const longest = Math.min(longestWait, firstWait * 2 ** this.#attempts++);
		this.#timer = setTimeout(() => this.open(), longest * (1 - Math.random() / 2));
		this.#listener.onState("waiting");
	}

	#heard(): void {
		this.#heardAt = Date.now();
		clearTimeout(this.#timer);
		if (this.#silence > 0) this.#timer = setTimeout(() => this.open(), this.#silence);
	}
}
