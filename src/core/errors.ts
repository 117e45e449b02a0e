/**
 * What went wrong, as a closed set that code can switch on.
 *
 * - `configuration`: no broker is configured, or its settings contradict each other.
 * - `unavailable`: the broker cannot be reached now; the same call may succeed later.
 * - `refused`: the broker answered and said no (password, ACL, plan); retrying alone will not help.
 * - `closed`: `close()` was called on this connector or this `ServerSentEvents`.
 * - `bad_message`: something on the channel is not a message; it was dropped.
 * - `gap`: the history does not reach back to where a client, or this process, had left off.
 * - `invalid_data`: what was to be published does not fit the schema of its type.
 * - `slow_consumer`: a reader fell further behind than its buffer allows and was cut off.
 */
export type SseErrorCode =
	| "configuration"
	| "unavailable"
	| "refused"
	| "closed"
	| "bad_message"
	| "invalid_data"
	| "slow_consumer"
	| "gap";

/** The base of every error that edge-sse makes, except the `TypeError`s for bad arguments. */
export class SseError extends Error {
	override readonly name: string = "SseError";
	readonly code: SseErrorCode;

	constructor(code: SseErrorCode, message: string, options?: { cause?: unknown }) {
		super(message, options);
		this.code = code;
	}
}

/** The environment or the options do not say which broker to use. Names what to set. */
export class ConfigurationError extends SseError {
	override readonly name = "ConfigurationError";
	declare readonly code: "configuration";

	constructor(message: string, options?: { cause?: unknown }) {
		super("configuration", message, options);
	}
}

/** The codes of a `ConnectorError`, so that a `switch` over them is exhaustive. */
export type ConnectorErrorCode = Extract<SseErrorCode, "unavailable" | "refused" | "closed">;

/** A broker could not be reached, or refused. The client library's own error is the `cause`. */
export class ConnectorError extends SseError {
	override readonly name = "ConnectorError";
	declare readonly code: ConnectorErrorCode;

	constructor(code: ConnectorErrorCode, message: string, options?: { cause?: unknown }) {
		super(code, message, options);
	}
}

/** What is answered to a use after `close()`. */
export function closedError(what: string): ConnectorError {
	return new ConnectorError("closed", `This ${what} is closed.`);
}

/** Somebody wrote an id that the store cannot have given. */
export function unstored(): SseError {
	return new SseError(
		"bad_message",
		"Dropped a message whose id is ahead of the broker's time and is not in the history.",
	);
}

/** Messages after a position are not there any more; undefined: the position could not be read. */
export function gapError(position: string | undefined): SseError {
	const from = position ?? "the client's cursor";
	return new SseError("gap", `The history of the channel does not reach back to ${from}.`);
}

/**
 * Where an error that no caller can catch happened: `upstream` (the subscription was lost or
 * ended), `decode` (a foreign message was dropped; at most one a second and channel), `authorize` (it threw: a 500),
 * `subscribe` (a stream was turned away), `replay` (the history could not be read, or does not reach back; of
 * clients' gaps at most ten a second), `stream` (a client was cut off), `unsubscribe` (the broker did not take our
 * leave), `hook` (`onConnect`, `onDisconnect`, `limits.perClient.key` or `cors.origin` threw, or `connector` made a
 * promise that rejected), `publish` (what was handed to `send()` was not published).
 */
export type ErrorStage =
	| "upstream"
	| "decode"
	| "authorize"
	| "subscribe"
	| "replay"
	| "stream"
	| "unsubscribe"
	| "hook"
	| "publish";

/** Hears of every error that no caller can catch. It may throw; that is caught and logged. */
export type ErrorHandler = (
	error: unknown,
	context: { stage: ErrorStage; channel?: string },
) => void;
