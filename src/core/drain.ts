import type { Connection } from "./delivery/connection.ts";

/** Streams are ended in steps of so many ms. */
const step = 25;

/**
 * Ends streams so that their clients come back, spread over so many ms: wherever they go, they do not arrive all
 * at once. Resolves once all are over.
 */
export async function endSpread(connections: readonly Connection[], ms: number): Promise<void> {
	const begin = performance.now();
	let next = 0;
	while (connections.some(({ isOpen }) => isOpen)) {
		const elapsed = Math.min(performance.now() - begin, ms);
		const due = Math.ceil((connections.length * elapsed) / ms);
		for (; next < due; next++) connections[next]?.comeBack();
		await new Promise((resolve) => setTimeout(resolve, Math.min(step, ms)));
	}
}
