/** A process that has producers and readers of runs, on the broker of `TORTURE_BROKER`. */
import { serve } from "@hono/node-server";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { Random } from "../random.ts";
import { brokerFrom, lagging } from "./broker.ts";
import { runRoutes } from "./run-routes.ts";

const connector = lagging(brokerFrom(process.env), new Random(process.pid));
const sse = new ServerSentEvents({
	connector,
	keepAlive: 500,
	linger: 200,
	onError: (error, { stage }) => console.log(`${stage}: ${error}`),
});
const answer = runRoutes(sse);
const server = serve(
	{
		fetch: (request) => answer(request, undefined, () => undefined),
		hostname: "127.0.0.1",
		port: 0,
	},
	({ port }) => console.log(`Listening on http://127.0.0.1:${port}`),
);
process.once("SIGTERM", async () => {
	server.close();
	await sse.close({ drain: 300 });
	process.exit(0);
});
