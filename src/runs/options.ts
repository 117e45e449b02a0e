import { type Advice, checkNames } from "../core/known-names.ts";
import { checkedNumber } from "../core/limits.ts";

/** How chunks are gathered for the broker. */
export interface BatchOptions {
	/**
	 * How long chunks may be gathered, in ms, since the last call. After a longer silence a chunk
	 * is sent at once.
	 *
	 * @defaultValue `50`
	 */
	wait?: number | undefined;
	/**
	 * This many characters are sent without waiting.
	 *
	 * @defaultValue `4_096`
	 */
	bytes?: number | undefined;
}

/** What runs may cost. */
export interface RunLimits {
	/**
	 * One chunk as it is stored, in bytes; at most `limits.messageBytes` of the `ServerSentEvents`.
	 *
	 * @defaultValue `262_144`: 256 KiB
	 */
	chunkBytes?: number | undefined;
	/**
	 * All chunks of a run as they are stored, in bytes.
	 *
	 * @defaultValue `16_777_216`: 16 MiB
	 */
	runBytes?: number | undefined;
	/**
	 * Producers at a time in this process. On Workers they are not counted: a producer there goes
	 * with its request.
	 *
	 * @defaultValue `1_000`
	 */
	runs?: number | undefined;
}

/** The options of `Runs`. */
export interface RunsOptions {
	/**
	 * What the channels of runs begin with; the rest is the run's id. Nobody else publishes to such channels here.
	 *
	 * @defaultValue `"run."`
	 */
	prefix?: string | undefined;
	/**
	 * Messages of a run; text that is sent together is one.
	 *
	 * @defaultValue `20_000`
	 */
	maxLength?: number | undefined;
	/**
	 * How long a run may last, in ms.
	 *
	 * @defaultValue `3_600_000`: an hour
	 */
	maxAge?: number | undefined;
	/**
	 * How long a run is kept after its end, in ms.
	 *
	 * @defaultValue `300_000`: 5 minutes
	 */
	keepDone?: number | undefined;
	/**
	 * How long nothing may be heard of a producer, in ms, before it counts as lost. One that `start` runs tells three
	 * times as often that it is there, whatever its source does.
	 *
	 * @defaultValue `15_000`
	 */
	lease?: number | undefined;
	/**
	 * How long what was said may wait for a broker that is away, in ms. Then the run's signal aborts.
	 *
	 * @defaultValue `60_000`
	 */
	timeout?: number | undefined;
	/**
	 * How chunks are gathered for the broker.
	 *
	 * @defaultValue the default of each of its options
	 */
	batch?: BatchOptions | undefined;
	/**
	 * What runs may cost.
	 *
	 * @defaultValue the default of each limit
	 */
	limits?: RunLimits | undefined;
	/**
	 * The platform's `waitUntil`: it gets the work that goes on after the response.
	 *
	 * @defaultValue none
	 */
	waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

const advice: Advice = [
	["Write batch: { wait }, in ms.", "wait interval"],
	["Write keepDone, in ms.", "ttl expires"],
	["Did you mean prefix?", "channel channels"],
];

export type CheckedRunsOptions = ReturnType<typeof checkedRunsOptions>;

/**
 * Fills in the defaults.
 *
 * @param messageBytes the most that a message may have.
 * @throws {TypeError} that names the option and its rule.
 */
export function checkedRunsOptions(options: RunsOptions, messageBytes: number) {
	const where = "Runs: ";
	checkNames(
		where,
		options,
		["prefix maxLength maxAge keepDone lease timeout batch limits waitUntil"],
		advice,
	);
	const { prefix = "run.", batch = {}, limits = {}, waitUntil } = options;
	if (typeof prefix !== "string" || prefix === "" || prefix.length > 128) {
		throw new TypeError(`${where}prefix: must be a string of 1 to 128 characters.`);
	}
	if (waitUntil !== undefined && typeof waitUntil !== "function") {
		throw new TypeError(`${where}waitUntil: must be a function.`);
	}
	checkNames(`${where}batch.`, batch, ["wait bytes"]);
	checkNames(`${where}limits.`, limits, ["chunkBytes runBytes runs"]);
	const chunkBytes = whole("limits.chunkBytes", limits.chunkBytes, Math.min(262_144, messageBytes));
	if (chunkBytes > messageBytes) {
		throw new TypeError(
			`${where}limits.chunkBytes: must be at most limits.messageBytes, which is ${messageBytes}.`,
		);
	}
	return {
		prefix,
		waitUntil,
		maxLength: whole("maxLength", options.maxLength, 20_000),
		maxAge: whole("maxAge", options.maxAge, 3_600_000),
		keepDone: whole("keepDone", options.keepDone, 300_000),
		lease: checkedLease("lease", options.lease, 15_000),
		timeout: whole("timeout", options.timeout, 60_000),
		batch: {
			wait: checkedNumber(`${where}batch.wait`, batch.wait, 50, 0),
			bytes: whole("batch.bytes", batch.bytes, 4_096),
		},
		limits: {
			chunkBytes,
			runBytes: whole("limits.runBytes", limits.runBytes, 16_777_216),
			runs: whole("limits.runs", limits.runs, 1_000),
		},
	};
}

/**
 * Checks what `read()` is given.
 *
 * @throws {TypeError} that names the option and its rule.
 */
export function checkReadFrom(from: { after?: unknown; signal?: unknown }): void {
	checkNames("Runs: read(): ", from, ["after signal"], [["Write after.", "lastEventId cursor"]]);
	const { after, signal } = from;
	if (after !== undefined && typeof after !== "string") {
		throw new TypeError("Runs: read(): after: must be a string, the id of a chunk.");
	}
	if (signal === undefined || signal instanceof AbortSignal) return;
	throw new TypeError("Runs: read(): signal: must be an AbortSignal.");
}

/** The longest that a timer can be set to, in ms. */
const longest = 2_147_483_647;

/** @throws {TypeError} that names the option and its rule. */
export function checkedLease(name: string, value: unknown, fallback: number): number {
	return whole(name, value, fallback, 100);
}

function whole(name: string, value: unknown, fallback: number, least = 1): number {
	const number = value ?? fallback;
	if (Number.isSafeInteger(number) && Number(number) >= least && Number(number) <= longest) {
		return Number(number);
	}
	throw new TypeError(`Runs: ${name}: must be a whole number of ${least} to ${longest}.`);
}
