/** How a process ends, on Node, Bun and Deno. All three have Node's `process`. */

/**
 * Signals within this time, in ms, count as one. Under npm or npx, Ctrl-C arrives twice: from the terminal and from npm.
 */
const sameSignal = 1_000;

/**
 * Calls `close` on the first SIGINT or SIGTERM, and then ends the process. A second signal ends it at once.
 */
export function onShutdown(close: () => Promise<void>): void {
	let hasBegun = false;
	const shutDown = () => {
		if (hasBegun) return;
		hasBegun = true;
		setTimeout(() => {
			process.off("SIGINT", shutDown);
			process.off("SIGTERM", shutDown);
		}, sameSignal).unref();
		close().then(() => process.exit(0), exitWith);
	};
	process.on("SIGINT", shutDown);
	process.on("SIGTERM", shutDown);
}

/** Prints why in one line, and exits with 1. */
export function exitWith(error: unknown): never {
	console.error(`edge-sse: ${error instanceof Error ? error.message : String(error)}`);
	process.exit(1);
}
