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
