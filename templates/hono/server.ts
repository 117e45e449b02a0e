import { serve } from "@hono/node-server";
import { ServerSentEvents } from "edge-sse";
import { stream } from "edge-sse/hono";
import { memory } from "edge-sse/memory";
import { redis } from "edge-sse/redis";
import { Hono } from "hono";

// One process needs no broker. With REDIS_URL any number of processes do.
const url = process.env.REDIS_URL;
const connector = url === undefined ? memory({ history: {} }) : redis(url, { history: {} });
const sse = new ServerSentEvents({ connector });
const app = new Hono();

app.get("/rooms/:room", stream(sse, { channel: (c) => `room.${c.req.param("room")}` }));
app.post("/rooms/:room", async (c) => {
	const channel = `room.${c.req.param("room")}`;
	await sse.publish({ text: await c.req.text() }, { type: "said", channel });
	return c.body(null, 204);
});

const port = Number(process.env.PORT ?? 8787);
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, () =>
	console.log(`Listening on http://127.0.0.1:${port}`),
);
