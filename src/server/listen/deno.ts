import type { Listen } from "../listening.ts";

// The part of Deno that is used here: https://docs.deno.com/api/deno/~/Deno.serve
declare const Deno: {
	serve(
		options: { hostname: string; port: number; onListen: () => void },
		handler: (request: Request, info: unknown) => Response | Promise<Response>,
	): { readonly addr: { port: number }; shutdown(): Promise<void> };
};

/** How long requests may take after all streams have ended, in ms. */
const lastRequests = 2_000;

export const listen: Listen = async ({ settings, fetch }) => {
	const { host: hostname, port } = settings;
	// Suppresses Deno's own line: ours follows, once signals are handled.
	const server = Deno.serve({ hostname, port, onListen: () => undefined }, fetch);
	return {
		port: server.addr.port,
		// It waits for every request, also for one that never ends.
		stop: () =>
			Promise.race([
				server.shutdown(),
				new Promise<void>((late) => setTimeout(late, lastRequests)),
			]),
	};
};
