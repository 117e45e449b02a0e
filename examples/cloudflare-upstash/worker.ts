import { env } from "cloudflare:workers";
import { Redis } from "@upstash/redis/cloudflare";
import { ServerSentEvents } from "edge-sse";
import { upstash } from "edge-sse/upstash";

// The client that the rest of a Worker has. Without one, `export { sse as default } from "edge-sse"` is a whole Worker.
const sse = new ServerSentEvents({ connector: () => upstash(Redis.fromEnv(env)) });

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
