/** Hono's `streamSSE` on @hono/node-server, with the one Redis subscription that its users write beside it. */
import { Hono } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { Channels } from "./channels.ts";
import { serveFetch } from "./hosts.ts";

const channels = new Channels<SSEStreamingApi>((streams, data) => {
	for (const stream of streams) void stream.writeSSE({ data });
});

const app = new Hono();
app.get("/stream", async (c) => {
	const channel = c.req.query("channel") ?? "";
	await channels.subscribed(channel);
	return streamSSE(c, async (stream) => {
		await stream.write(":\n\n");
		const leave = channels.join(channel, stream);
		await new Promise<void>((resolve) => stream.onAbort(resolve));
		leave();
	});
});
app.post("/publish", async (c) => {
	channels.publish(await c.req.text());
	return c.body(null, 204);
});

await serveFetch("node-server", app.fetch);
