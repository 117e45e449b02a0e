import { serve } from "@hono/node-server";
import { ServerSentEvents } from "edge-sse";
import { stream } from "edge-sse/hono";
import { memory } from "edge-sse/memory";
import { Hono } from "hono";

const app = new Hono();
// For several processes: redis(url, { history: {} }) from "edge-sse/redis", and nothing else changes.
const sse = new ServerSentEvents({ connector: memory({ history: {} }) });

app.get("/events", stream(sse, { channel: "news" }));

app.post("/news", async (c) => {
	await sse.publish(await c.req.text(), { type: "news", channel: "news" });
	return c.body(null, 204);
});

const port = Number(process.env.PORT ?? 8787);
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, () =>
	console.log(`Listening on http://127.0.0.1:${port}`),
);
