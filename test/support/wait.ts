import { type UntilOptions, until as untilSoon } from "../../src/testing/wait.ts";

export { within } from "../../src/testing/wait.ts";

/**
 * How long a test waits for what should come at once, in ms. A wait ends when its condition holds, so only a
 * failing test reaches this limit. A machine with a tenth of a processor needs seconds to answer one request.
 */
export const patience = 40_000;

/** `until()` of the library, with a longer limit for a busy machine. */
export function until<T>(
	condition: () => T | Promise<T>,
	{ timeout = patience, ...options }: UntilOptions,
): Promise<NonNullable<T>> {
	return untilSoon(condition, { ...options, timeout });
}

/**
 * A promise that a test awaits later. When the test fails before that, and ends what it started, the promise
 * may reject unseen: then an unhandled `socket hang up` would hide the test's own error.
 */
export function later<T>(promise: Promise<T>): Promise<T> {
	promise.catch(() => undefined);
	return promise;
}
