import { createServer } from "node:net";
import type { SharedPort } from "./runtime.ts";

/**
 * Bun's and Deno's way to one port for several processes: all listen on it, and the kernel gives each its part of the
 * connections. Here it is only found out whether it is free, and which one the system chooses for 0.
 *
 * Rejects with the error of `listen`, also where another program of this user shares its port.
 */
export function reusedPort(port: number, host: string): Promise<SharedPort> {
	return new Promise((resolve, reject) => {
		const probe = createServer();
		probe.once("error", reject);
		probe.listen({ port, host, exclusive: true }, () => {
			const address = probe.address();
			const found = typeof address === "object" && address !== null ? address.port : port;
			const nothing = () => undefined;
			probe.close(() => resolve({ port: found, add: nothing, remove: nothing, close: nothing }));
		});
	});
}
