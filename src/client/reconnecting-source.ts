import { report, streamUrl } from "./host.ts";
import type { ClientState, StreamUrl } from "./types.ts";

/** What a stream is opened with, and who is told of its events. */
export interface SourceListener {
	/** Where to begin. Undefined: with new events. */
	readonly cursor: string | undefined;
	/** The types to listen for. An EventSource hands out no others. */
	readonly types: ReadonlySet<string>;
	/** @param id the latest id, of this event or an earlier one; `""`: none so far. */
	onEvent(type: string, data: string, id: string): void;
	onState(state: ClientState): void;
}

export interface SourceOptions {
	url: StreamUrl;
	withCredentials: boolean;
	watchdog: number | undefined;
	retry: boolean;
}

/**
 * In ms. Each attempt waits up to twice as long as the one before, and at least a third of
 * that.
 */
const firstWait = 6_000;
const longestWait = 60_000;

/** A timer with a longer delay fires at once. */
const longestTimer = 2_147_483_647;

/** After a stream that lasted this long, in ms, the next attempt counts as the first. */
const goodWhile = 5_000;

/** Always listened for. Pings carry the position, and a page may ask for gaps at any time. */
const always = ["open", "error", "sse.retry", "sse.ping", "sse.gap"];

/** `EventSource.CLOSED`, which some libraries lack. */
const closed = 2;

/**
 * One EventSource after another. Each begins where the one before was lost.
 *
 * None reconnects by itself. Behind a service worker that answers with `fetch(event.request)`,
 * Chromium drops the Last-Event-ID of a reconnecting EventSource, and missed events would be
 * lost silently. So the cursor goes into the URL of a new EventSource.
 */
export class ReconnectingSource {
	readonly #options: SourceOptions;
	readonly #listener: SourceListener;
	#source: EventSource | undefined;
	/** Detects an opening that was overtaken while its URL was being made. */
	#opening = 0;
	#openedAt = Number.POSITIVE_INFINITY;
	#attempts = 0;
	#heardAt = 0;
	#silence: number;
	/** When to reconnect, in ms, as the server said on this connection. NaN: it did not. */
	#retryAfter = Number.NaN;
	/** Runs the next attempt, or while the stream is open, ends its silence. */
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(options: SourceOptions, listener: SourceListener) {
		this.#options = options;
		this.#listener = listener;
		this.#silence = options.watchdog ?? 0;
	}

	/** Opens the stream in place of the current one. */
	open(): void {
		this.close();
		this.#listener.onState("connecting");
		const opening = this.#opening;
		this.#connect(opening).catch((error: unknown) => {
			if (opening !== this.#opening) return; // a newer opening has replaced this one
			report(error);
			this.#openLater();
		});
	}

	async #connect(opening: number): Promise<void> {
		const { url, withCredentials } = this.#options;
		const target = streamUrl(typeof url === "function" ? await url() : url);
		if (opening !== this.#opening) return;
		const { cursor, types } = this.#listener;
		// An EventSource sends no header but its own, which a new one does not have.
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
			// Some libraries dispatch events of their own after close.
			if (source === this.#source) this.#receive(type, event);
		});
	}

	/** Reopens a stream whose next sign of life is overdue. */
	check(): void {
		const silent = this.#silence > 0 && Date.now() - this.#heardAt > this.#silence;
		if (silent && this.#source !== undefined) this.open();
	}

	/** The network is back. Any open stream is dead, or soon will be. */
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
		// A publisher may name an event "open" or "error". It says nothing about the connection.
		if ("data" in event) this.#event(type, event as MessageEvent<string>);
		else if (type === "error") {
			// Some libraries schedule their own reconnect after reporting the loss. Let them do so, then
			// close.
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
		// A ping's data is its interval.
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
		// A server that names a time is up, and has a reason.
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
