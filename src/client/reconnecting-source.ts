import { report, streamUrl } from "./host.ts";
import type { ClientState, StreamUrl } from "./types.ts";

/** What a stream is opened with, and whom it tells. */
export interface SourceListener {
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

/** ms; the n-th attempt waits up to twice as long as the one before it, and at least a third of that. */
const firstWait = 6_000;
const longestWait = 60_000;

/** A timer of more ms fires at once. */
const longestTimer = 2_147_483_647;

/** A stream that lasted this long, in ms, was a good one: what comes after it is a first attempt. */
const goodWhile = 5_000;

/** What is always listened for. Pings tell the place, and a page may ask for gaps at any time. */
const always = ["open", "error", "sse.retry", "sse.ping", "sse.gap"];

/** `EventSource.CLOSED`, which not every library has. */
const closed = 2;

/**
 * One EventSource after the other: each begins where the one before it was lost.
 *
 * None is left to come back by itself. Behind a service worker that answers with `fetch(event.request)` Chromium drops
 * the Last-Event-ID of an EventSource that reconnects, and what came meanwhile would be lost in silence. So the cursor
 * goes in the URL, for which a new one has to be opened.
 */
export class ReconnectingSource {
	readonly #options: SourceOptions;
	readonly #listener: SourceListener;
	#source: EventSource | undefined;
	/** Tells an opening that was overtaken while the URL was being made. */
	#opening = 0;
	#openedAt = Number.POSITIVE_INFINITY;
	#attempts = 0;
	#heardAt = 0;
	#silence: number;
	/** When to come back, in ms, as the server said on this connection; NaN: it did not. */
	#retryAfter = Number.NaN;
	/** The next attempt, or while the stream is open the end of its silence. */
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(options: SourceOptions, listener: SourceListener) {
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
			report(error);
			this.#openLater();
		});
	}

	async #connect(opening: number): Promise<void> {
		const { url, withCredentials } = this.#options;
		const target = streamUrl(typeof url === "function" ? await url() : url);
		if (opening !== this.#opening) return;
		const { cursor, types } = this.#listener;
		// An EventSource can send no header but its own, which a new one does not have.
		if (cursor !== undefined) target.searchParams.set("lastEventId", cursor);
		this.#source = new EventSource(target.href, { withCredentials });
		for (const type of always) this.#listen(type);
		for (const type of types) this.listen(type);
		this.#heard();
	}

	listen(type: string): void {
		if (!always.includes(type)) this.#listen(type);
	}

	#listen(type: string): void {
		const source = this.#source;
		source?.addEventListener(type, (event) => {
			// Some libraries still speak when they are closed, and hand out events of their own making.
			if (source === this.#source) this.#receive(type, event);
		});
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
		this.#retryAfter = Number.NaN;
		const source = this.#source;
		this.#source = undefined;
		source?.close();
	}

	#receive(type: string, event: Event): void {
		// A publisher may name an event "open" or "error", which says nothing about the connection.
		if ("data" in event) this.#event(type, event as MessageEvent<string>);
		else if (type === "error") {
			// Some libraries plan their own return once they have told of the loss: let them, and then close.
			const source = this.#source;
			queueMicrotask(() => {
				if (source === this.#source) this.#lost();
			});
		} else {
			this.#openedAt = Date.now();
			this.#heard();
			this.#listener.onState("open");
		}
	}

	#event(type: string, { data, lastEventId }: MessageEvent<string>): void {
		if (type === "sse.retry") this.#retryAfter = Math.min(+data, longestTimer);
		// It says how often it comes.
		if (type === "sse.ping") this.#silence = this.#options.watchdog ?? 3 * +data;
		this.#heard();
		this.#listener.onEvent(type, data, lastEventId);
	}

	#lost(): void {
		if (this.#options.retry || this.#source?.readyState !== closed) {
			this.#openLater();
			return;
		}
		this.close();
		this.#listener.onState("closed");
	}

	#openLater(): void {
		let wait = this.#retryAfter;
		this.close();
		if (Date.now() - this.#openedAt > goodWhile) this.#attempts = 0;
		this.#openedAt = Number.POSITIVE_INFINITY;
		// A server that says when is up, and knows why.
		if (wait >= 0) this.#attempts = 0;
		else {
			const longest = Math.min(longestWait, firstWait * 2 ** this.#attempts++);
			wait = longest * (1 - (Math.random() * 2) / 3);
		}
		this.#timer = setTimeout(() => this.open(), wait);
		this.#listener.onState("waiting");
	}

	#heard(): void {
		this.#heardAt = Date.now();
		clearTimeout(this.#timer);
		if (this.#silence > 0) this.#timer = setTimeout(() => this.open(), this.#silence);
	}
}
