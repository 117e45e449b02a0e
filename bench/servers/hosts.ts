/** One fetch handler on any host: `node-handler` (our own), `node-server`, `srvx`, `bun`, `deno`. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "../../src/adapters/node.ts";

// The parts of Bun and Deno that are used here.
declare const Bun: {
	serve(options: { hostname: string; port: number; idleTimeout: number; fetch: Handler }): {
		port: number;
	};
};
declare const Deno: {
	serve(
		options: { hostname: string; port: number; onListen: (address: { port: number }) => void },
		handler: Handler,
	): unknown;
};

/** `host` is what the host gives its handler besides the request. */
export type Handler = (request: Request, host?: unknown) => Response | Promise<Response>;

const hostname = "127.0.0.1";

/** Serves a handler, and prints its address. */
export async function serveFetch(host: string | undefined, fetch: Handler): Promise<void> {
	switch (host) {
		case "node-handler": {
			const server = createServer(toNodeHandler(fetch));
			server.listen(0, hostname, () => announce((server.address() as AddressInfo).port));
			return;
		}
		case "node-server": {
			const { serve } = await import("@hono/node-server");
			serve({ fetch, hostname, port: 0 }, ({ port }) => announce(port));
			return;
		}
		case "srvx": {
			const { serve } = await import("srvx/node");
			const server = serve({ fetch, hostname, port: 0, silent: true, gracefulShutdown: false });
			await server.ready();
			return announce(Number(new URL(server.url ?? "").port));
		}
		case "bun":
			// Bun cuts silent streams after `idleTimeout`, which is 10 s by default.
			return announce(Bun.serve({ hostname, port: 0, idleTimeout: 0, fetch }).port);
		case "deno":
			Deno.serve({ hostname, port: 0, onListen: ({ port }) => announce(port) }, fetch);
			return;
		default:
			throw new Error(`There is no host ${host}.`);
	}
}

function announce(port: number): void {
	console.log(`listening on http://${hostname}:${port}`);
}
