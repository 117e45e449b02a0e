import type { ConnectorError } from "../../core/errors.ts";

/**
 * First and longest pause between two attempts, in ms. With the longest attempt (the timeout, 3
 * s by default) it keeps a recovery under 5 s.
 */
const firstPause = 50;
const longestPause = 1_500;

/** Growing random pauses between attempts to reach a broker. */
export class Backoff {
	#failures = 0;
	#notBefore = 0;
	/** Why the last attempt failed. */
	lastError: ConnectorError | undefined;

	/** How long to wait before the next attempt, in ms; 0 or less: not at all. */
	get left(): number {
		return this.#notBefore - performance.now();
	}

	/** A connection was lost or could not be opened. The next attempt waits longer. */
	failed(error: ConnectorError): void {
		this.lastError = error;
		const longest = Math.min(longestPause, firstPause * 2 ** this.#failures);
		this.#failures += 1;
		// Half of it is random, so that many processes do not return at the same time.
		this.#notBefore = performance.now() + longest * (0.5 + Math.random() / 2);
	}

	/** A connection has proved itself. */
	succeeded(): void {
		this.lastError = undefined;
		this.#failures = 0;
		this.#notBefore = 0;
	}
}
