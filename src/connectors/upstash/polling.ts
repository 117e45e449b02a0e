import { type Advice, checkNames } from "../../core/known-names.ts";
import type { UpstashFallback } from "./fallback.ts";
import { PollingFallback } from "./polling/fallback.ts";

/** The options of `polling()`. */
export interface PollingOptions {
	/**
	 * The time between two polls while messages come, in ms; 10 to 3,600,000.
	 *
	 * @defaultValue `1_000`: at most 3,600 commands an hour
	 */
	interval?: number;
	/**
	 * The time between two polls of silent channels, in ms; at most 3,600,000. A poll that brings
	 * nothing makes the next wait longer by half, up to this. It is never more than half of the
	 * time that messages are kept.
	 *
	 * @defaultValue `5_000`, or `interval` if that is longer: 720 commands an hour
	 */
	maxInterval?: number;
	/**
	 * After which time a stream is tried again, in ms; `Infinity`: never. A try is one command.
	 *
	 * @defaultValue `600_000`: 10 minutes
	 */
	streamRetry?: number;
}

const advice: Advice = [
	["Write interval, in ms.", "every ms delay intervalMs"],
	["Write maxInterval, in ms.", "max idle"],
];

/** The bounds of an interval, in ms. */
const shortest = 10;
const longest = 3_600_000;

/**
 * Reads channels from the history where no stream of them can be had: a plan or a proxy refuses
 * SUBSCRIBE, holds streams back, or breaks them. Every message that is kept arrives once and in
 * order, later than by a stream.
 *
 * One command reads all channels of a process, up to 250, however many viewers they have. On
 * Cloudflare Workers it reads those of one request. It runs while somebody is there. Not received
 * are messages that are not kept: those with `keep: false`, and those of other programs.
 *
 * @example
 * ```ts
 * import { polling, upstash } from "edge-sse/upstash";
 *
 * upstash({ history: {}, fallback: polling() });
 * ```
 *
 * @throws {TypeError} when a time is outside its bounds.
 * @see https://redis.io/docs/latest/commands/xrange/
 */
export function polling(options: PollingOptions = {}): UpstashFallback {
	checkNames("polling(): ", options, ["interval maxInterval streamRetry"], advice);
	const { interval = 1_000, streamRetry = 600_000 } = options;
	checkInterval("interval", interval, shortest);
	const { maxInterval = Math.max(5_000, interval) } = options;
	checkInterval("maxInterval", maxInterval, interval);
	if (!(streamRetry > 0)) {
		throw new TypeError(
			"polling(): streamRetry: must be a number of milliseconds above 0; Infinity: never.",
		);
	}
	const times = { interval, maxInterval, streamRetry };
	return { attach: (host) => new PollingFallback(host, times) };
}

function checkInterval(name: string, value: number, least: number): void {
	if (value >= least && value <= longest) return;
	throw new TypeError(
		`polling(): ${name}: must be a number of milliseconds from ${least} to ${longest}.`,
	);
}
