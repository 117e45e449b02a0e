import { parsed, report, streamUrl } from "./host.ts";
import type { Failure, Source, SourceEvent, SourceOptions } from "./source.ts";
import type { ClientState, Disconnected } from "./types.ts";

/**
 * One stream after another. Each begins where the one before was lost.
 *
 * None reconnects by itself. Behind a service worker that answers with `fetch(event.request)`,
 * Chromium drops the Last-Event-ID of a reconnecting EventSource, and missed events would be
 * lost silently. So the cursor goes into the URL of a new EventSource.
 */
export interface ReconnectingSource {
	/**
	 * Opens the stream in place of the current one.
	 *
	 * @param error what was wrong with the current one.
	 */
	open(error?: unknown): void;
	listen(type: string): void;
	/** Reopens a stream whose next sign of life is overdue. */
	check(): void;
	/** The network is back. Any open stream is dead, or soon will be. */
	reopen(): void;
	close(): void;
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
const always = ["open", "error", "sse.retry", "sse.ping", "sse.gap", "sse.disconnect"];

/**
 * Closures, and arguments in a row, as every page loads this: minifiers shorten their names.
 *
 * @param types to listen for. An EventSource hands out no others.
 * @param cursor says where to begin. Undefined: with new events.
 * @param onEvent is told the latest id, of this event or an earlier one; `""`: none so far.
 * @param onState is told why it is so, where that is known.
 */
export function reconnectingSource(
	options: SourceOptions,
	types: ReadonlySet<string>,
	cursor: () => string | undefined,
	onEvent: (type: string, data: string, id: string) => void,
	onState: (state: ClientState, error?: unknown) => void,
): ReconnectingSource {
	const { url, withCredentials, retry = true, watchdog, custom } = options;
	let source: Source | undefined;
	/** Detects an opening that was overtaken while its URL was being made. */
	let opening = 0;
	/** 0: it is not open, or was not for long enough. */
	let openedAt = 0;
	let attempts = 0;
	let heardAt = 0;
	let silence = watchdog ?? 0;
	/** When to reconnect, in ms, as the server said on this connection. -1: it did not. */
	let retryAfter = -1;
	/** Runs the next attempt, or while the stream is open, ends its silence. */
	let timer: ReturnType<typeof setTimeout> | undefined;

	const open = (error?: unknown): void => {
		close();
		onState("connecting", error);
		const own = opening;
		connect(own).catch((reason: unknown) => {
			if (own !== opening) return; // a newer opening has replaced this one
			report(reason);
			openLater(reason);
		});
	};

	const connect = async (own: number): Promise<void> => {
		const address = typeof url === "function" ? await url() : url;
		const target = streamUrl(address);
		// Nobody who does well with an EventSource pays for the rest.
		const more =
			custom || !globalThis.EventSource ? await import("./more/client-more.ts") : undefined;
		if (own !== opening) return;
		const position = cursor();
		if (more !== undefined) {
			source = more.openFetch(address, target, options, position);
		} else {
			// An EventSource sends no header but its own, which a new one does not have.
			if (position !== undefined) target.searchParams.set("lastEventId", position);
			source = new EventSource(target.href, { withCredentials: !!withCredentials });
		}
		for (const type of new Set([...always, ...types])) listen(type);
		heard();
	};

	const listen = (type: string): void => {
		const target = source;
		target?.addEventListener(type, (event) => {
			// Some libraries dispatch events of their own after close.
			if (target === source) receive(type, event);
		});
	};

	const close = (): void => {
		opening++;
		clearTimeout(timer);
		timer = undefined;
		retryAfter = -1;
		const target = source;
		source = undefined;
		target?.close();
	};

	const receive = (type: string, event: SourceEvent | Failure): void => {
		// A publisher may name an event "open" or "error". It says nothing about the connection.
		if ("data" in event) {
			const { data, lastEventId } = event;
			if (type === "sse.retry") retryAfter = Math.min(+data, longestTimer);
			// A ping's data is its interval.
			if (type === "sse.ping") silence = watchdog ?? 3 * +data;
			heard();
			onEvent(type, data, lastEventId);
			if (type === "sse.disconnect") {
				const { reason, final } = parsed(data) as Disconnected;
				if (final) lost({ error: new Error(reason), final });
			}
		} else if (type === "error") {
			// Some libraries schedule their own reconnect after reporting the loss. Let them do so, then
			// close.
			const target = source;
			queueMicrotask(() => {
				if (target === source) lost(event);
			});
		} else {
			openedAt ||= Date.now();
			heard();
			onState("open");
		}
	};

	const lost = ({ error, final }: Failure): void => {
		// 0 is a loss. Some libraries do not say what it is.
		if (final || (!retry && source?.readyState !== 0)) {
			close();
			onState("closed", error);
		} else openLater(error);
	};

	const openLater = (error: unknown): void => {
		let wait = retryAfter;
		close();
		if (openedAt > 0 && Date.now() - openedAt > goodWhile) attempts = 0;
		openedAt = 0;
		// A server that names a time is up, and has a reason. What is no number is no time.
		if (wait >= 0) attempts = 0;
		else {
			const longest = Math.min(longestWait, firstWait * 2 ** attempts++);
			wait = longest * (1 - Math.random() / 1.5);
		}
		timer = setTimeout(open, wait);
		onState("waiting", error);
	};

	const heard = (): void => {
		heardAt = Date.now();
		clearTimeout(timer);
		if (silence > 0) timer = setTimeout(silent, silence);
	};

	const silent = (): void => open(new Error("The stream was silent."));

	return {
		open,
		listen: (type) => {
			if (!always.includes(type)) listen(type);
		},
		check: () => {
			if (source && silence > 0 && Date.now() - heardAt > silence) silent();
		},
		reopen: () => {
			if (!(source ?? timer)) return;
			attempts = 0;
			open();
		},
		close,
	};
}
