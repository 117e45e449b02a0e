import { setTimeout as delay } from "node:timers/promises";

/**
 * Polls until `condition` gives something truthy, and returns that. A condition that throws fails at
 * once: an error is not a "not yet".
 */
export async function until<T>(
	condition: () => T | Promise<T>,
	{ timeout = 5_000, what, every = 5 }: { timeout?: number; what: string; every?: number },
): Promise<NonNullable<T>> {
	const deadline = performance.now() + timeout;
	for (;;) {
		const value = await condition();
		if (value) return value;
		if (performance.now() >= deadline) {
			throw new Error(`Waited ${timeout} ms in vain: ${what} (last seen: ${String(value)}).`);
		}
		await delay(every);
	}
}

/** The promise, or an error that says what did not come to an end in time. */
export async function within<T>(promise: Promise<T>, timeout: number, what: string): Promise<T> {
	const timer = new AbortController();
	const late = delay(timeout, undefined, { signal: timer.signal }).then(
		() => {
			throw new Error(`Not settled within ${timeout} ms: ${what}.`);
		},
		// Aborted below, when the promise won; nobody looks at this one any more.
		() => undefined as never,
	);
	try {
		return await Promise.race([promise, late]);
	} finally {
		timer.abort();
	}
}
