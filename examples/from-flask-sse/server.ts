import { createServer } from "node:http";
import { ServerSentEvents } from "edge-sse";
import { toNodeHandler } from "edge-sse/node";
import { redis } from "edge-sse/redis";

// The Redis that the Flask app has. flask-sse's channel names and JSON are the same here.
const url = process.env.SSE_REDIS_URL ?? "redis://127.0.0.1:6379";
const sse = new ServerSentEvents({ connector: redis(url) });

const handler = toNodeHandler(async (request, host) => {
	const { pathname } = new URL(request.url);
	if (pathname === "/stream") return sse.fetch(request, host);
	if (pathname === "/hello" && request.method === "POST") {
		await sse.publish({ message: "Hello from edge-sse!" }, { type: "greeting" });
		return new Response("Message sent!\n");
	}
	return new Response("Not found\n", { status: 404 });
});

const port = Number(process.env.PORT ?? 8787);
createServer(handler).listen(port, "127.0.0.1", () => {
	console.log(`Listening on http://127.0.0.1:${port}`);
});
