import { createServer } from "node:http";
import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";
import { toNodeHandler } from "edge-sse/node";

// One process needs no broker. For more, or for publishers elsewhere: redis() from "edge-sse/redis".
const sse = new ServerSentEvents({ connector: memory() });

const handler = toNodeHandler(async (request, host) => {
	const { pathname } = new URL(request.url);
	if (pathname === "/stream") return sse.fetch(request, host);
	if (pathname === "/hello" && request.method === "POST") {
		await sse.publish({ message: "Hello!" }, { type: "greeting" });
		return new Response("Message sent!\n");
	}
	return new Response("Not found\n", { status: 404 });
});

const port = Number(process.env.PORT ?? 8787);
const server = createServer(handler).listen(port, "127.0.0.1", () => {
	console.log(`Listening on http://127.0.0.1:${port}`);
});

process.once("SIGTERM", async () => {
	server.close();
	await sse.close(); // ends the streams, each with a time to reconnect
});
