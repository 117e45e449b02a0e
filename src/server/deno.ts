import process from "node:process";
import { createHub } from "./create.ts";
import { exitWith, onShutdown } from "./process.ts";

// As much of Deno as is used here: https://docs.deno.com/api/deno/~/Deno.serve
declare const Deno: {
	serve(
		options: { hostname: string; port: number; onListen: () => void },
		handler: (request: Request, info: unknown) => Response | Promise<Response>,
	): { readonly addr: { port: number }; shutdown(): Promise<void> };
};

/** What is still being answered when all streams have ended has so many ms. */
const lastRequests = 2_000;

try {
	const hub = createHub(process.env);
	const { host, port } = hub.settings;
	// Its own line stays unsaid: ours follows, once a signal would be heard.
	const server = Deno.serve({ hostname: host, port, onListen: () => undefined }, hub.fetch);
	onShutdown(async () => {
		await hub.close();
		// It waits for every request, also for one that never comes to its end.
		await Promise.race([server.shutdown(), new Promise((late) => setTimeout(late, lastRequests))]);
	});
	console.log(hub.announce(server.addr.port));
} catch (error) {
	exitWith(error);
}
