// As they were before any test put others in their place: what waits here is neither counted nor faked.
export const { setTimeout, clearTimeout } = globalThis;

/** Resolves after so many ms. */
export function delay(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

export interface UntilOptions {
	/** In ms. Default 5,000. */
	timeout?: number | undefined;
	/** What is waited for, in the error's words. */
	what: string;
	/** How long to wait before looking again, in ms. Default 5. */
	every?: number | undefined;
}

/**
 * Looks until `condition` gives something truthy, and resolves to that.
 *
 * @throws {Error} when it has been waited for in vain; and what the condition throws, at once: an error is not a
 *   "not yet".
 */
export async function until<T>(
	condition: () => T | Promise<T>,
	{ timeout = 5_000, what, every = 5 }: UntilOptions,
): Promise<NonNullable<T>> {
	const deadline = performance.now() + timeout;
	for (;;) {
		const value = await condition();
		if (value) return value;
		if (performance.now() >= deadline) {
			throw new Error(`Waited ${timeout} ms: ${what} (last seen: ${String(value)}).`);
		}
		await delay(every);
	}
}

/** The promise, or an error that says what did not come to an end in time. */
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
