/**
 * A hub as in src/server/node.ts, with settings that no user needs: how soon a dead path is noticed, how late
 * its history answers, and a report of its memory.
 */
import { serve } from "@hono/node-server";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { createApp } from "../../../src/server/app.ts";
import { sendDirectly } from "../../../src/server/direct-send.ts";
import { onShutdown } from "../../../src/server/process.ts";
import { readSettings } from "../../../src/server/settings.ts";
import { Random } from "../random.ts";
import { brokerFrom, lagging } from "./broker.ts";

const { host, port, options, ...settings } = readSettings(process.env);
const connector = lagging(brokerFrom(process.env), new Random(process.pid));
const sse = new ServerSentEvents({ connector, ...options });
const app = createApp({
	...{ sse, ...settings },
	authorizePublish: undefined,
	metrics: undefined,
	runs: undefined,
});
app.get("/memory", (c) => {
	globalThis.gc?.();
	return c.json({ heapUsed: process.memoryUsage().heapUsed });
});
const server = serve({ fetch: sendDirectly(app.fetch, false), hostname: host, port }, (address) => {
	console.log(
		`edge-sse: listening on http://${host}:${address.port} (broker: ${sse.connector.name})`,
	);
});
onShutdown(async () => {
	server.close();
	await sse.close();
	if ("closeAllConnections" in server) server.closeAllConnections();
});
