import type { StreamBudget } from "./delivery/budget.ts";
import { checkNames } from "./known-names.ts";

type ClientKey = string | null | undefined;

/** How many streams one client may have. */
export interface PerClientLimits {
	/**
	 * Identifies a client: by its address or its user. `null` or `undefined`: the request is not
	 * counted.
	 */
	key: (request: Request, host: unknown) => ClientKey | Promise<ClientKey>;
	/**
	 * Open streams of one key. Above it, a client is told to reconnect later.
	 *
	 * @defaultValue `100`
	 */
	connections?: number | undefined;
}

/** What one stream may be sent, as a measure of the work that it takes. */
export interface PerStreamLimits {
	/**
	 * Events. A silence of `keepAlive`, or of 8 s if that is less, counts as one, too.
	 *
	 * @defaultValue no end
	 */
	writes?: number | undefined;
	/**
	 * Bytes.
	 *
	 * @defaultValue no end
	 */
	bytes?: number | undefined;
}

/**
 * What clients and messages may cost. Above a limit, a client is told to reconnect, or gets an
 * error.
 */
export interface Limits {
	/**
	 * Open streams. Above it, a client is told to reconnect later.
	 *
	 * @defaultValue `50_000`
	 */
	connections?: number | undefined;
	/**
	 * Streams of one client.
	 *
	 * @defaultValue none: clients are not told apart
	 */
	perClient?: PerClientLimits | undefined;
	/**
	 * What one stream may be sent. Then it ends, at a random point of the last tenth, and its
	 * client reconnects. For platforms that limit the CPU time of a request, which a program there
	 * cannot read.
	 *
	 * @defaultValue no end; with `durableObject(namespace, { hold: "worker" })` by its `plan`
	 */
	perStream?: PerStreamLimits | undefined;
	/**
	 * Channels on one stream. A request for more is answered with 400.
	 *
	 * @defaultValue `32`
	 */
	channels?: number | undefined;
	/**
	 * What one client may leave unread, in bytes. Above it, the client is disconnected. With
	 * history it is kept instead, and gets the rest from the history once it reads again.
	 *
	 * @defaultValue `1_048_576`: 1 MiB
	 */
	bufferedBytes?: number | undefined;
	/**
	 * One published message, in bytes. A larger one is a `TypeError`; a larger one from another
	 * program is dropped.
	 *
	 * @defaultValue `1_048_576`: 1 MiB
	 */
	messageBytes?: number | undefined;
}

export type CheckedLimits = ReturnType<typeof checkedLimits>;

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} that names the limit and its rule.
 */
export function checkedLimits(limits: Limits = {}) {
	checkNames("limits.", limits, [
		"connections perClient perStream channels bufferedBytes messageBytes",
	]);
	const { connections, perClient, perStream, channels, bufferedBytes, messageBytes } = limits;
	if (perClient !== undefined && typeof perClient.key !== "function") {
		throw new TypeError("limits.perClient.key: must be a function.");
	}
	if (perClient !== undefined) checkNames("limits.perClient.", perClient, ["key connections"]);
	return {
		connections: checkedNumber("limits.connections", connections, 50_000, 0),
		perClient: perClient && {
			key: perClient.key,
			connections: checkedNumber("limits.perClient.connections", perClient.connections, 100, 1),
		},
		perStream: perStream && checkedPerStream(perStream),
		channels: checkedNumber("limits.channels", channels, 32, 1),
		bufferedBytes: checkedNumber("limits.bufferedBytes", bufferedBytes, 1_048_576, 0),
		messageBytes: checkedNumber("limits.messageBytes", messageBytes, 1_048_576, 1),
	};
}

function checkedPerStream(perStream: PerStreamLimits): StreamBudget {
	checkNames("limits.perStream.", perStream, ["writes bytes"]);
	const { writes, bytes } = perStream;
	return {
		writes: checkedNumber("limits.perStream.writes", writes, Number.POSITIVE_INFINITY, 1),
		bytes: checkedNumber("limits.perStream.bytes", bytes, Number.POSITIVE_INFINITY, 1),
	};
}

/**
 * @throws {TypeError} naming the option: it is no number, is below `least`, or is infinite
 *   although its default is not.
 */
export function checkedNumber(
	name: string,
	value: unknown,
	fallback: number,
	least: number,
): number {
	const number = value ?? fallback;
	const isOne = typeof number === "number" && number >= least;
	if (isOne && (number < Infinity || fallback === Infinity)) return number;
	throw new TypeError(`${name}: must be a number of ${least} or more.`);
}
