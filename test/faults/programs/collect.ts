/**
 * Loaded ahead of the hub on Node and Bun: collects the garbage when it is told to, so that what is in use then is held
 * by somebody.
 */
const { gc, Bun } = globalThis as {
	gc?: () => void;
	Bun?: { gc(sync: boolean): void };
};

process.on("SIGUSR2", () => (Bun === undefined ? gc?.() : Bun.gc(true)));

export {};
