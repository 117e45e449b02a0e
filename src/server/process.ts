/** What the entries of Node, Bun and Deno share: all three have Node's `process`. */

/** Runs once, on the first SIGINT or SIGTERM; the process ends when it is done. */
export function onShutdown(close: () => Promise<void>): void {
	const shutDown = () => {
		process.off("SIGINT", shutDown);
		process.off("SIGTERM", shutDown);
		close().then(() => process.exit(0), exitWith);
	};
	process.on("SIGINT", shutDown);
	process.on("SIGTERM", shutDown);
}

/** Ends the process with one line that says why. */
export function exitWith(error: unknown): never {
	console.error(`edge-sse: ${error instanceof Error ? error.message : String(error)}`);
	process.exit(1);
}
