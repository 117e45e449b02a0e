import { serve } from "@hono/node-server";
import { ServerSentEvents } from "edge-sse";
import { stream } from "edge-sse/hono";
import { memory } from "edge-sse/memory";
import { Hono } from "hono";

const sse = new ServerSentEvents({ connector: memory() });
const app = new Hono();

// Any channel: /stream?channel=news
app.get("/stream", stream(sse));

// The channel that the route says.
app.get("/rooms/:room", stream(sse, { channel: (c) => `room.${c.req.param("room")}` }));

app.post("/rooms/:room", async (c) => {
	const channel = `room.${c.req.param("room")}`;
	await sse.publish({ message: "Hello, room!" }, { type: "greeting", channel });
	return c.text("Message sent!\n");
});

app.post("/hello", async (c) => {
	await sse.publish({ message: "Hello!" }, { type: "greeting" });
	return c.text("Message sent!\n");
});

// On Bun and Deno: `export default app`. On Workers, too, with another connector than `memory()`.
const port = Number(process.env.PORT ?? 8787);
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, () =>
	console.log(`Listening on http://127.0.0.1:${port}`),
);
