/** The place of an entry in an object's history. */
export interface Key {
	readonly ms: number;
	readonly seq: number;
}

/**
 * The most bytes that one `read` returns, unless one message is larger. An RPC carries at most
 * 32 MiB.
 */
const pageBytes = 4_194_304;

export function keyOf(position: string): Key {
	const [ms, seq] = position.split("-");
	return { ms: Number(ms), seq: Number(seq) };
}

export function idOf({ ms, seq }: { ms?: unknown; seq?: unknown }): string {
	return `${ms}-${seq}`;
}

export function stored(id: string, payload: string): string {
	return `{"id":"${id}",${payload.slice(1)}`;
}

/** How many of these fit into a page, from the first on. */
export function fitting(sizes: readonly number[]): number {
	let total = 0;
	const end = sizes.findIndex((size) => {
		total += size;
		return total > pageBytes;
	});
	return end === -1 ? sizes.length : Math.max(1, end);
}
