import type { Listen } from "../listening.ts";

// As much of Deno as is used here: https://docs.deno.com/api/deno/~/Deno.serve
declare const Deno: {
	serve(
		options: { hostname: string; port: number; onListen: () => void },
		handler: (request: Request, info: unknown) => Response | Promise<Response>,
	): { readonly addr: { port: number }; shutdown(): Promise<void> };
};

/** What is still being answered when all streams have ended has so many ms. */
const lastRequests = 2_000;

export const listen: Listen = async ({ settings, fetch }) => {
	const { host: hostname, port } = settings;
	// Its own line stays unsaid: ours follows, once a signal would be heard.
	const server = Deno.serve({ hostname, port, onListen: () => undefined }, fetch);
	return {
		port: server.addr.port,
		// It waits for every request, also for one that never comes to its end.
		stop: () =>
			Promise.race([
				server.shutdown(),
				new Promise<void>((late) => setTimeout(late, lastRequests)),
			]),
	};
};
