import type { Source } from "../source.ts";

/** When a stream is tried, in ms: the first time, and at most. Each time it is twice as long. */
const firstTrial = 60_000;
const lastTrial = 1_800_000;

/** How long a trial waits for its first ping, and how much longer than the interval for the next ones, in ms. */
const patience = 30_000;

/** The longest interval of pings that a trial waits for, in ms. */
const longestInterval = 300_000;

/** A stream passes when it brings another ping this long after the first, in ms. */
const lateEvent = 5_000;

/**
 * Opens a trial stream from time to time, until one passes. Its events are discarded.
 *
 * @param closed ends it.
 * @param onThrough is called once.
 */
export function tryStreams(
	closed: AbortSignal,
	openStream: () => Source,
	onThrough: () => void,
): void {
	let timer: ReturnType<typeof setTimeout> | undefined;
	let trial: Source | undefined;

	const end = (): void => {
		clearTimeout(timer);
		trial?.close();
		trial = undefined;
	};

	const later = (ms: number): void => {
		end();
		// Clients that began together must not try together.
		timer = setTimeout(run, ms * (0.75 + Math.random() / 2), Math.min(2 * ms, lastTrial));
	};

	const run = (next: number): void => {
		const own = openStream();
		let began = 0;
		trial = own;
		timer = setTimeout(later, patience, next);
		const listen: Source["addEventListener"] = (type, listener) =>
			own.addEventListener(type, (event) => {
				// Some libraries dispatch events of their own after close.
				if (own === trial) listener(event);
			});
		listen("error", () => later(next));
		listen("sse.ping", (event) => {
			began ||= Date.now();
			clearTimeout(timer);
			if (Date.now() - began > lateEvent) {
				end();
				onThrough();
			} else {
				const interval = "data" in event ? Number(event.data) : 0;
				timer = setTimeout(later, Math.min(interval, longestInterval) + patience, next);
			}
		});
	};

	closed.addEventListener("abort", end);
	later(firstTrial);
}
