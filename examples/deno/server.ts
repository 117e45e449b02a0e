import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";

const sse = new ServerSentEvents({ connector: memory() });

const port = Number(Deno.env.get("PORT") ?? 8787);

// It prints where it listens.
Deno.serve({ port, hostname: "127.0.0.1" }, async (request, info) => {
	const { pathname } = new URL(request.url);
	if (pathname === "/stream") return sse.fetch(request, info);
	if (pathname === "/hello" && request.method === "POST") {
		await sse.publish({ message: "Hello!" }, { type: "greeting" });
		return new Response("Message sent!\n");
	}
	return new Response("Not found\n", { status: 404 });
});
