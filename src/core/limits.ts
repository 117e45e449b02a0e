import { checkNames } from "./known-names.ts";

type ClientKey = string | null | undefined;

/** How many streams one client may have. */
export interface PerClientLimits {
	/** Who a client is: its address, its user. `null` or `undefined`: the request is not counted. */
	key: (request: Request, host: unknown) => ClientKey | Promise<ClientKey>;
	/**
	 * Streams at a time of one key. Past it, a client is asked to come back.
	 *
	 * @defaultValue `100`
	 */
	connections?: number | undefined;
}

/** What clients and messages may cost. Each limit has an answer that brings clients back, or an error. */
export interface Limits {
	/**
	 * Streams at a time. Past it, a client is asked to come back.
	 *
	 * @defaultValue `50_000`
	 */
	connections?: number | undefined;
	/** @defaultValue none: clients are not told apart */
	perClient?: PerClientLimits | undefined;
	/**
	 * Channels on one stream. More is a 400.
	 *
	 * @defaultValue `32`
	 */
	channels?: number | undefined;
	/**
	 * What one client may leave unread, in bytes. Past it, it is disconnected; with history it is sent nothing until it
	 * has read.
	 *
	 * @defaultValue `1_048_576`: 1 MiB
	 */
	bufferedBytes?: number | undefined;
	/**
	 * One message as it is published, in bytes. A larger one is a `TypeError`; another program's is dropped.
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
	checkNames("limits.", limits, ["connections perClient channels bufferedBytes messageBytes"]);
	const { connections, perClient, channels, bufferedBytes, messageBytes } = limits;
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
		channels: checkedNumber("limits.channels", channels, 32, 1),
		bufferedBytes: checkedNumber("limits.bufferedBytes", bufferedBytes, 1_048_576, 0),
		messageBytes: checkedNumber("limits.messageBytes", messageBytes, 1_048_576, 1),
	};
}

/** @throws {TypeError} that names the option, when it is no number, below `least`, or endless where its default is not. */
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
