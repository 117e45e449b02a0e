import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";
import { toNodeHandler } from "edge-sse/node";

const sse = new ServerSentEvents({ connector: memory({ history: {} }) });
const page = await readFile(new URL("index.html", import.meta.url));

const handler = toNodeHandler(async (request, host) => {
	const route = `${request.method} ${new URL(request.url).pathname}`;
	if (route === "GET /") return new Response(page, { headers: { "content-type": "text/html" } });
	if (route === "GET /stream") return sse.stream(request, { channel: "chat", recent: 20, host });
	if (route === "POST /say") {
		await sse.publish({ text: await request.text() }, { type: "said", channel: "chat" });
		return new Response(null, { status: 204 });
	}
	return new Response("Not found\n", { status: 404 });
});

const port = Number(process.env.PORT ?? 8787);
createServer(handler).listen(port, "127.0.0.1", () => {
	console.log(`Listening on http://127.0.0.1:${port}`);
});
