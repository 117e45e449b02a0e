// The timers as they were before any test replaced them. Waiting here is neither counted nor
// faked.
export const { setTimeout, clearTimeout } = globalThis;

// How much longer than the wait the last look may take.
const grace = 5_000;

/** Resolves after this time, in ms. */
export function delay(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The options of `until()`. */
export interface UntilOptions {
	/**
	 * How long to wait, in ms.
	 *
	 * @defaultValue `5_000`
	 */
	timeout?: number | undefined;
	/** What is awaited, for the error. */
	what: string;
	/**
	 * The time between two looks, in ms.
	 *
	 * @defaultValue `5`
	 */
	every?: number | undefined;
}

/**
 * Calls `condition` until it returns something truthy, and resolves to that.
 *
 * @example
 * ```ts
 * import { until } from "edge-sse/testing";
 *
 * await until(() => sse.stats().connections === 0, { what: "no open stream" });
 * ```
 *
 * @throws {Error} (the promise rejects) after the timeout. An error of the condition rejects at
 *   once.
 */
export async function until<T>(
	condition: () => T | Promise<T>,
	{ timeout = 5_000, what, every = 5 }: UntilOptions,
): Promise<NonNullable<T>> {
	const deadline = performance.now() + timeout;
	for (;;) {
		const found = condition();
		// A promise that never settles must not outlast the wait, or the error names nothing. Only promises are bounded: a
		// timer for each look at a plain value keeps a busy process from its work.
		const isPromise = typeof Object(found).then === "function";
		const left = Math.max(deadline - performance.now(), 0) + grace;
		const value = await (isPromise ? within(found as Promise<T>, left, what) : found);
		if (value) return value;
		if (performance.now() >= deadline) {
			throw new Error(`Waited ${timeout} ms: ${what} (last seen: ${String(value)}).`);
		}
		await delay(every);
	}
}

/** The promise, or an error that says what did not finish in time. */
export async function within<T>(promise: Promise<T>, timeout: number, what: string): Promise<T> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<never>((_, reject) => {
		const error = new Error(`Not settled within ${timeout} ms: ${what}.`);
		timer = setTimeout(() => reject(error), timeout);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}
