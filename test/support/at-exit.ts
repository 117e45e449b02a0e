/**
 * Runs when this process ends, also when vitest ends it by SIGTERM. Without a listener Node then ends without
 * an `exit` event.
 */
export function atExit(cleanUp: () => void): void {
	process.on("exit", cleanUp);
}

process.once("SIGTERM", () => process.exit(0));
