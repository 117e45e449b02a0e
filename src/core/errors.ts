/**
 * What went wrong, as a closed set that code can switch on.
 *
 * - `configuration`: no broker is configured, or its settings contradict each other.
 * - `unavailable`: the broker cannot be reached now; the same call may succeed later.
 * - `refused`: the broker answered and said no (password, ACL, plan); retrying alone will not
 *   help.
 * - `closed`: `close()` was called on this connector or this `ServerSentEvents`.
 * - `bad_message`: a payload on the channel is not a message; it was dropped.
 * - `gap`: the history does not reach back to the position of a client, or of this process.
 * - `invalid_data`: the data to publish does not fit the schema of its type.
 * - `slow_consumer`: a reader fell further behind than its buffer allows and was disconnected.
 * - `superseded`: a run belongs to another producer, or has ended.
 * - `unknown_run`: the run does not exist, or has expired.
 * - `run_limit`: a run, or the number of them, is at its limit.
 * - `run_timeout`: a run's chunks could not be stored in time.
 * - `run_cancelled`: somebody cancelled the run; the reason of its producer's signal.
 */
export type SseErrorCode =
	| "configuration"
	| "unavailable"
	| "refused"
	| "closed"
	| "bad_message"
	| "invalid_data"
	| "slow_consumer"
	| "gap"
	| "superseded"
	| "unknown_run"
	| "run_limit"
	| "run_timeout"
	| "run_cancelled";

/**
 * The base class of all errors here, except the `TypeError`s for bad arguments. Its `code` says
 * what went wrong.
 *
 * @example
 * ```ts
 * try {
 * 	await sse.publish("Hello!");
 * } catch (error) {
 * 	if (error instanceof SseError && error.code === "unavailable") console.warn(error.message);
 * 	else throw error;
 * }
 * ```
 */
export class SseError extends Error {
	/**
	 * The class's name: `instanceof` fails between two copies of this package, and this does not.
	 */
	override readonly name: string = "SseError";
	/** What went wrong, for code to switch on. */
	readonly code: SseErrorCode;

	constructor(code: SseErrorCode, message: string, options?: { cause?: unknown }) {
		super(message, options);
		this.code = code;
	}
}

/**
 * The environment or the options name no usable broker. The message says what to set.
 *
 * @example
 * ```ts
 * try {
 * 	sse.connector;
 * } catch (error) {
 * 	if (error instanceof ConfigurationError) console.error(error.message);
 * }
 * ```
 */
export class ConfigurationError extends SseError {
	override readonly name = "ConfigurationError";
	/** Always `configuration`. */
	declare readonly code: "configuration";

	constructor(message: string, options?: { cause?: unknown }) {
		super("configuration", message, options);
	}
}

/** The codes of a `ConnectorError`, so that a `switch` over them is exhaustive. */
export type ConnectorErrorCode = Extract<SseErrorCode, "unavailable" | "refused" | "closed">;

/**
 * A broker could not be reached, or refused. The client library's own error is the `cause`.
 *
 * @example
 * ```ts
 * try {
 * 	await connector.publish("news", '{"data":"Hello!"}');
 * } catch (error) {
 * 	if (!(error instanceof ConnectorError)) throw error;
 * 	if (error.code === "unavailable") console.warn("Try again later:", error.message);
 * }
 * ```
 */
export class ConnectorError extends SseError {
	override readonly name = "ConnectorError";
	/** Why: the broker cannot be reached, it said no, or the connector is closed. */
	declare readonly code: ConnectorErrorCode;

	constructor(code: ConnectorErrorCode, message: string, options?: { cause?: unknown }) {
		super(code, message, options);
	}
}

/** The error of every use after `close()`. */
export function closedError(what: string): ConnectorError {
	return new ConnectorError("closed", `This ${what} is closed.`);
}

/** The store cannot have given this id: somebody else wrote it. */
export function unstored(): SseError {
	return new SseError(
		"bad_message",
		"Dropped a message whose id is ahead of the broker's time and is not in the history.",
	);
}

/** Messages after a position are no longer kept. Undefined: the position could not be read. */
export function gapError(position: string | undefined): SseError {
	const from = position ?? "the client's cursor";
	return new SseError("gap", `The history of the channel does not reach back to ${from}.`);
}

/**
 * Where an error happened that no caller can catch:
 *
 * - `upstream`: the subscription was lost or ended;
 * - `decode`: another program's payload was dropped; reported at most once a second per
 *   channel;
 * - `authorize`: it threw, and the client got a 500;
 * - `subscribe`: a stream was turned away;
 * - `replay`: the history could not be read, or does not reach back; at most ten a second for
 *   clients' gaps;
 * - `stream`: a client was disconnected;
 * - `presence`: members could not be written or read, or a function of the options failed;
 * - `control`: messages between processes, such as a disconnect, are not received, or one was
 *   dropped;
 * - `unsubscribe`: the broker did not confirm the end of a subscription;
 * - `hook`: `onConnect`, `onDisconnect`, `limits.perClient.key` or `cors.origin` threw, or
 *   `connector` returned a promise that rejected;
 * - `publish`: a message given to `send()` was not published;
 * - `run`: a run's producer failed, or a run could not be looked at.
 */
export type ErrorStage =
	| "upstream"
	| "decode"
	| "authorize"
	| "subscribe"
	| "replay"
	| "stream"
	| "control"
	| "presence"
	| "unsubscribe"
	| "hook"
	| "publish"
	| "run";

/** Called for every error that no caller can catch. When it throws, that is caught and logged. */
export type ErrorHandler = (
	error: unknown,
	context: { stage: ErrorStage; channel?: string },
) => void;
