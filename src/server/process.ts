/** What the entries of Node, Bun and Deno share. All three have Node's `process`. */

/**
 * Under npm or npx, Ctrl-C comes twice: from the terminal and from npm. Within this time, in
 * ms, it is one signal.
 */
const sameSignal = 1_000;

/**
 * Runs once, on the first SIGINT or SIGTERM. The process ends after it, or at once on a second
 * signal.
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

/** Ends the process with one line that says why. */
export function exitWith(error: unknown): never {
	console.error(`edge-sse: ${error instanceof Error ? error.message : String(error)}`);
	process.exit(1);
}
