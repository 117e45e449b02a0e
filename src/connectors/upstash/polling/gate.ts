import type { ConnectorError } from "../../../core/errors.ts";

/** The first try after a fault that may pass, in ms. Each further one waits twice as long. */
const firstRetry = 10_000;

/** Whether streams can be had. All channels of a connector share it: each try is billed. */
export class StreamGate {
	readonly #retry: number;
	/** Why there are none. */
	#error: ConnectorError | undefined;
	/** Consecutive tries that failed. */
	#failures = 0;
	/** When the next stream is tried, by `performance.now()`. */
	#nextTry = 0;

	/** @param retry the longest time between two tries, in ms; the only one after a refusal. */
	constructor(retry: number) {
		this.#retry = retry;
	}

	/** Whether the caller shall try a stream now. While there are none, one caller at a time. */
	take(): boolean {
		if (this.#error === undefined) return true;
		if (performance.now() < this.#nextTry) return false;
		this.#nextTry = performance.now() + this.#retry;
		return true;
	}

	open(): void {
		this.#error = undefined;
		this.#failures = 0;
	}

	close(error: ConnectorError): void {
		this.#error = error;
		const wait = error.code === "refused" ? this.#retry : firstRetry * 2 ** this.#failures;
		this.#failures++;
		this.#nextTry = performance.now() + Math.min(wait, this.#retry);
	}
}
