import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";
import { toNodeHandler } from "edge-sse/node";

const sse = new ServerSentEvents({ connector: memory() });
const page = await readFile(new URL("index.html", import.meta.url));

const handler = toNodeHandler(async (request, host) => {
	const { pathname } = new URL(request.url);
	if (pathname === "/") return new Response(page, { headers: { "content-type": "text/html" } });
	if (pathname === "/stream") return sse.fetch(request, host);
	if (pathname === "/hello" && request.method === "POST") {
		await sse.publish({ message: "Hello!" }, { type: "greeting" });
		return new Response("Message sent!\n");
	}
	return new Response("Not found\n", { status: 404 });
});

const port = Number(process.env.PORT ?? 8787);
createServer(handler).listen(port, "127.0.0.1", () => {
	console.log(`Listening on http://127.0.0.1:${port}`);
});
