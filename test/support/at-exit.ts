/**
 * Runs when this process ends, also when vitest ends it: it does so with SIGTERM, at which Node goes
 * without an `exit` event unless somebody listens.
 */
export function atExit(cleanUp: () => void): void {
	process.on("exit", cleanUp);
}

process.once("SIGTERM", () => process.exit(0));
