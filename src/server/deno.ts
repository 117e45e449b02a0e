import process from "node:process";
import { createHub } from "./hub.ts";
import { exitWith, onShutdown } from "./process.ts";

// As much of Deno as is used here: https://docs.deno.com/api/deno/~/Deno.serve
declare const Deno: {
	serve(
		options: { hostname: string; port: number; onListen: (address: { port: number }) => void },
		handler: (request: Request, info: unknown) => Response | Promise<Response>,
	): { shutdown(): Promise<void> };
};

try {
	const hub = createHub(process.env);
	const { host, port } = hub.settings;
	const onListen = (address: { port: number }) => console.log(hub.announce(address.port));
	const server = Deno.serve({ hostname: host, port, onListen }, hub.fetch);
	onShutdown(async () => {
		await hub.close();
		await server.shutdown();
	});
} catch (error) {
	exitWith(error);
}
