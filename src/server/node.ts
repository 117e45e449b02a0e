import { type ServerType, serve } from "@hono/node-server";
import { createHub } from "./create.ts";
import { straight } from "./direct-send.ts";
import { exitWith, onShutdown } from "./process.ts";

/** Who takes longer to send a request is closed, in ms; Node would give it 60 s and 5 min. */
const requestLimits = {
	headersTimeout: 10_000,
	requestTimeout: 30_000,
	connectionsCheckingInterval: 2_000,
};

try {
	const hub = createHub(process.env);
	const { host, port } = hub.settings;
	const server: ServerType = serve(
		{ fetch: straight(hub.fetch), hostname: host, port, serverOptions: requestLimits },
		(address) => console.log(hub.announce(address.port)),
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
