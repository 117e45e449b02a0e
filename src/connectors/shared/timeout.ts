/** Resolves like `promise`. After `ms` it rejects with the result of `late`. */
export async function within<T>(promise: Promise<T>, ms: number, late: () => unknown): Promise<T> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const expired = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(late()), ms);
	});
	try {
		return await Promise.race([promise, expired]);
	} finally {
		clearTimeout(timer);
	}
}

/**
 * The promise, or the signal's reason. A signal alone may fail to end the reading of a body:
 * Deno (2.9) can lose the link between the two.
 */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	let abort = (): void => undefined;
	const aborted = new Promise<never>((_, reject) => {
		abort = () => reject(signal.reason);
		if (signal.aborted) abort();
		else signal.addEventListener("abort", abort);
	});
	try {
		return await Promise.race([promise, aborted]);
	} finally {
		signal.removeEventListener("abort", abort);
	}
}
