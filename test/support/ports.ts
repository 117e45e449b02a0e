import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A port that nobody listens on now.
 *
 * It is below the range from which the system gives ports to outgoing connections (32768 and up). A client that
 * keeps trying a dead port of that range sooner or later gets the very port as its own, connects to itself, and
 * the server cannot come back.
 */
export async function freePort(): Promise<number> {
	for (let attempt = 0; attempt < 100; attempt++) {
		const port = randomInt(12_000, 32_000);
		if (await canListen(port)) return port;
	}
	throw new Error("No free port between 12000 and 32000 after 100 attempts.");
}

async function canListen(port: number): Promise<boolean> {
	const probe = createServer();
	const listening = once(probe, "listening").then(
		() => true,
		(error: NodeJS.ErrnoException) => {
			if (error.code === "EADDRINUSE") return false;
			throw error;
		},
	);
	probe.listen({ port, host: "127.0.0.1" });
	const free = await listening;
	if (free) await new Promise((closed) => probe.close(closed));
	return free;
}
