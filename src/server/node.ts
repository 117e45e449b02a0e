import { type ServerType, serve } from "@hono/node-server";
import { createHub } from "./hub.ts";
import { exitWith, onShutdown } from "./process.ts";

try {
	const hub = createHub(process.env);
	const { host, port } = hub.settings;
	const server: ServerType = serve({ fetch: hub.fetch, hostname: host, port }, (address) =>
		console.log(hub.announce(address.port)),
	);
	server.on("error", exitWith);
	onShutdown(async () => {
		// Still listening: a load balancer learns from /healthz, and clients from a stream that sends them away.
		await hub.close();
		server.close();
		if ("closeAllConnections" in server) server.closeAllConnections();
	});
} catch (error) {
	exitWith(error);
}
