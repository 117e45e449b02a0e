import { loadMore, parsed, report, streamUrl } from "./host.ts";
import type { open as openSource } from "./more/client-more.ts";
import type { Failure, Source, SourceEvent, SourceOptions } from "./source.ts";
import type { Disconnected, OpeningReason, SetState } from "./types.ts";

/**
 * One stream after another. Each begins where the one before was lost.
 *
 * None reconnects by itself. Behind a service worker that answers with `fetch(event.request)`,
 * Chromium drops the Last-Event-ID of a reconnecting EventSource, and missed events would be
 * lost silently. So the cursor goes into the URL of a new EventSource.
 */
export interface ReconnectingSource {
	/** Opens the stream in place of the current one. */
	open(reason: OpeningReason): void;
	listen(type: string): void;
	/** Reopens a stream whose next sign of life is overdue. */
	check(): void;
	/** The network is back. Any open stream is dead, or soon will be. */
	online(): void;
	close(): void;
}

/**
 * In ms. A stream that lasted longer was a good one, and the next attempt counts as the first. A
 * stream that brings nothing at all for as long is held back, or of another server: ours begin with
 * a ping.
 */
const goodWhile = 5_000;

/** Always listened for. Pings carry the position, and a page may ask for gaps at any time. */
export const always: readonly string[] = [
	...["open", "error"],
	...["sse.retry", "sse.ping", "sse.gap", "sse.disconnect"],
];

/** It tells of its failures by the state, and rejects never. */
type Open = (reason: OpeningReason, error?: unknown) => void;

/**
 * Closures, and arguments in a row, as every page loads this: minifiers shorten their names.
 *
 * @param types to listen for, with those of `always`. An EventSource hands out no others.
 * @param cursor says where to begin. Undefined: with new events.
 * @param onEvent is told the latest id, of this event or an earlier one; `""`: none so far.
 * @param onState is told why it is so, where that is known.
 */
export function reconnectingSource(
	options: SourceOptions,
	types: ReadonlySet<string>,
	cursor: () => string | undefined,
	onEvent: (type: string, data: string, id: string) => void,
	onState: SetState,
): ReconnectingSource {
	const { url, retry = true, watchdog, custom } = options;
	let source: Source | undefined;
	/** The URL of the latest stream. */
	let target: URL;
	/** Detects an opening that was overtaken while its URL was being made. */
	let opening = 0;
	/** When the stream opened, in ms since 1970. 0: it has not opened. */
	let openedAt = 0;
	let attempts = 0;
	let heardAt = 0;
	/** Streams in a row that fell silent. */
	let silent = 0;
	/** Opens what is no EventSource. */
	let opener: typeof openSource | undefined;
	/** After how long silence counts, in ms; 0: never. Undefined: this stream has not spoken. */
	let silence = watchdog;
	/** When to reconnect, in ms, as the server said on this connection. -1: it did not. */
	let retryAfter = -1;
	/** Runs the next attempt, or while the stream is open, ends its silence. */
	let timer: ReturnType<typeof setTimeout> | undefined;

	const open: Open = async (reason, error) => {
		close();
		// This comes first, because a listener of the state may close the client.
		const own = opening;
		onState("connecting", error, reason);
		try {
			const address = typeof url === "function" ? await url() : url;
			target = streamUrl(address);
			// A page that EventSource serves does not load the rest.
			if (custom || !globalThis.EventSource) opener ??= (await loadMore()).open;
			if (own !== opening) return;
			const position = cursor();
			openedAt = 0;
			silence ||= watchdog;
			if (opener) source = opener(address, target, options, position);
			else {
				// An EventSource sends no header but its own, which a new one does not have.
				if (position) target.searchParams.set("lastEventId", position);
				// Of the options it takes `withCredentials` alone.
				source = new EventSource(target.href, options as EventSourceInit);
			}
			for (const type of types) listen(type);
			heard();
		} catch (failure) {
			if (own !== opening) return; // a newer opening has replaced this one
			report(failure);
			openLater(failure);
		}
	};

	const listen = (type: string): void => {
		const own = source;
		own?.addEventListener(type, (event) => {
			// Some libraries dispatch events of their own after close.
			if (own === source) receive(type, event);
		});
	};

	const close = (): void => {
		opening++;
		clearTimeout(timer);
		timer = undefined;
		retryAfter = -1;
		source?.close();
		source = undefined;
	};

	const receive = (type: string, event: SourceEvent | Failure): void => {
		// A publisher may name an event "open" or "error". It says nothing about the connection.
		if ("data" in event) {
			const { data, lastEventId } = event;
			if (type === "sse.retry") retryAfter = Math.min(+data, 3_600_000);
			// Without pings it is another server.
			silence ??= 0;
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
			const own = opening;
			queueMicrotask(() => {
				if (own === opening) lost(event);
			});
		} else {
			heard();
			// A comment is a sign of life, too.
			if (openedAt) return;
			openedAt = Date.now();
			onState(source?.polls ? "polling" : "open");
		}
	};

	const lost = ({ error, final }: Failure): void => {
		// `readyState` 0: the stream was lost. Some libraries' errors do not say so.
		if (final || (!retry && source?.readyState !== 0)) {
			close();
			onState("closed", error);
		} else openLater(error);
	};

	const openLater = (error: unknown): void => {
		let wait = retryAfter;
		close();
		const wasGood = openedAt && Date.now() - openedAt > goodWhile;
		// A server that names a time is up, and has a reason. What is no number is no time.
		if (wait >= 0 || wasGood) attempts = 0;
		if (!(wait >= 0)) {
			// Up to twice as long as before, a minute at most, and at least a third of that.
			const longest = Math.min(60_000, 6_000 * 2 ** attempts++);
			wait = longest * (1 - Math.random() / 1.5);
		}
		timer = setTimeout(open, wait, "waiting");
		onState("waiting", error, wait);
	};

	const heard = (): void => {
		heardAt = Date.now();
		clearTimeout(timer);
		const longest = silence ?? goodWhile;
		// A timer that is too long fires at once.
		if (longest > 0) timer = setTimeout(onSilence, Math.min(longest, 2e9));
	};

	const onSilence = (): void => {
		if (silence) {
			// A proxy may let only the first bytes pass.
			silent = openedAt && heardAt - openedAt > goodWhile ? 1 : silent + 1;
			open("silent", new Error("The stream was silent."));
			if (silent < 3) return;
		}
		silence ??= 0;
		const own = opening;
		loadMore()
			.then((more) =>
				more.ask(target, options, cursor(), () => {
					if (own !== opening) return;
					opener = more.open;
					open("silent");
				}),
			)
			.catch(report);
	};

	return {
		open,
		listen,
		check: () => {
			if (source && silence && Date.now() - heardAt > silence) onSilence();
		},
		online: () => {
			if (!(source ?? timer)) return;
			attempts = 0;
			open("online");
		},
		close,
	};
}
