/**
 * Loaded before the hub on Node and Bun: collects the garbage on demand, so that the memory then in use is
 * referenced.
 */
const { gc, Bun } = globalThis as {
	gc?: () => void;
	Bun?: { gc(sync: boolean): void };
};

process.on("SIGUSR2", () => (Bun === undefined ? gc?.() : Bun.gc(true)));

export {};
