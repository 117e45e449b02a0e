import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";

const app = new Hono();
const listeners = new Set<(message: string) => void>();

app.get("/events", (c) =>
	streamSSE(c, async (stream) => {
		const send = (message: string) => void stream.writeSSE({ data: message, event: "news" });
		listeners.add(send);
		stream.onAbort(() => void listeners.delete(send));
		while (!stream.aborted) await stream.sleep(1_000);
	}),
);

app.post("/news", async (c) => {
	const message = await c.req.text();
	for (const send of listeners) send(message);
	return c.body(null, 204);
});

const port = Number(process.env.PORT ?? 8787);
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, () =>
	console.log(`Listening on http://127.0.0.1:${port}`),
);
