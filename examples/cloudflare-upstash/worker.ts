import { sse } from "edge-sse";

// `sse` reads UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN when it is first used.
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
