import { createServer } from "node:net";
import type { SharedPort } from "./runtime.ts";

/**
 * Finds the port for several processes on Bun and Deno. All of them listen on it, and the kernel divides the connections
 * among them. So this only finds out whether the port is free, and which one the system chooses for 0.
 *
 * Rejects with the error of `listen`, also where another program of this user would share the port.
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
