import { type Advice, checkNames } from "../core/known-names.ts";
import { checkedNumber } from "../core/limits.ts";

/** How chunks are batched. */
export interface BatchOptions {
	/**
	 * How long chunks may wait for each other, in ms, since the last call. After a longer silence a
	 * chunk is sent at once.
	 *
	 * @defaultValue `50`
	 */
	wait?: number | undefined;
	/**
	 * A batch of this many characters is sent at once.
	 *
	 * @defaultValue `4_096`
	 */
	bytes?: number | undefined;
}

/** The limits of runs. */
export interface RunLimits {
	/**
	 * The size of one stored chunk, in bytes; at most `limits.messageBytes` of the `ServerSentEvents`.
	 *
	 * @defaultValue `262_144`: 256 KiB
	 */
	chunkBytes?: number | undefined;
	/**
	 * The size of all stored chunks of a run, in bytes.
	 *
	 * @defaultValue `16_777_216`: 16 MiB
	 */
	runBytes?: number | undefined;
	/**
	 * Concurrent producers in this process. They are not counted on Workers, where a producer ends with its
	 * request.
	 *
	 * @defaultValue `1_000`
	 */
	runs?: number | undefined;
}

/** The options of `Runs`. */
export interface RunsOptions {
	/**
	 * The prefix of the runs' channels; the run's id follows it. Nothing else publishes to these channels here.
	 *
	 * @defaultValue `"run."`
	 */
	prefix?: string | undefined;
	/**
	 * Messages per run. Text that is sent together is one message.
	 *
	 * @defaultValue `20_000`
	 */
	maxLength?: number | undefined;
	/**
	 * How long a run may take, in ms.
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
	 * How long a producer may be silent, in ms, before it counts as lost. A producer of `start` renews this lease
	 * every third of it, even when its source is silent.
	 *
	 * @defaultValue `15_000`
	 */
	lease?: number | undefined;
	/**
	 * How long chunks may wait for a broker that is away, in ms. After that the run's signal aborts.
	 *
	 * @defaultValue `60_000`
	 */
	timeout?: number | undefined;
	/**
	 * How chunks are batched.
	 *
	 * @defaultValue the default of each of its options
	 */
	batch?: BatchOptions | undefined;
	/**
	 * The limits of runs.
	 *
	 * @defaultValue the default of each limit
	 */
	limits?: RunLimits | undefined;
	/**
	 * The platform's `waitUntil`. It receives the work that continues after the response.
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
 * @param messageBytes the largest message that may be published, in bytes.
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
 * Checks the arguments of `read()`.
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

/** The longest delay of a timer, in ms. */
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
