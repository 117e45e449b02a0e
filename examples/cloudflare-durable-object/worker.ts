import { env } from "cloudflare:workers";
import { ServerSentEvents } from "edge-sse";
import { durableObject } from "edge-sse/durable-object";

export { SseChannel } from "edge-sse/durable-object";

const sse = new ServerSentEvents({ connector: durableObject(env.SSE) });

export default {
	async fetch(request) {
		const { pathname } = new URL(request.url);
		if (pathname === "/stream") return sse.fetch(request);
		if (pathname === "/hello" && request.method === "POST") {
			await sse.publish({ message: "Hello!" }, { type: "greeting" });
			return new Response("Message sent!\n");
		}
		return new Response("Not found\n", { status: 404 });
	},
} satisfies ExportedHandler;
