import process from "node:process";
import { createHub } from "./hub.ts";
import { exitWith, onShutdown } from "./process.ts";

// As much of Deno as is used here: https://docs.deno.com/api/deno/~/Deno.serve
declare const Deno: {
	serve(
		options: { hostname: string; port: number; onListen: () => void },
		handler: (request: Request, info: unknown) => Response | Promise<Response>,
	): { readonly addr: { port: number }; shutdown(): Promise<void> };
};

try {
	const hub = createHub(process.env);
	const { host, port } = hub.settings;
	// Its own line stays unsaid: ours follows, once a signal would be heard.
	const server = Deno.serve({ hostname: host, port, onListen: () => undefined }, hub.fetch);
	onShutdown(async () => {
		await hub.close();
		await server.shutdown();
	});
	console.log(hub.announce(server.addr.port));
} catch (error) {
	exitWith(error);
}
