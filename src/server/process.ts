/** What the entries of Node, Bun and Deno share: all three have Node's `process`. */

/** Ctrl-C under npm or npx comes twice, from the terminal and handed on by npm. Up to so many ms later it is the same. */
const sameSignal = 1_000;

/** Runs once, on the first SIGINT or SIGTERM; the process ends when it is done, or at once at a second signal. */
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
