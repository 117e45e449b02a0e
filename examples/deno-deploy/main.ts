import { sse } from "edge-sse";

// Isolates come and go all over the world: what joins them is Upstash, or a Redis that all can reach.
// `sse` reads UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or SSE_REDIS_URL.
Deno.serve(async (request, info) => {
	const { pathname } = new URL(request.url);
	if (pathname === "/stream") return sse.fetch(request, info);
	if (pathname === "/hello" && request.method === "POST") {
		await sse.publish({ message: "Hello!" }, { type: "greeting" });
		return new Response("Message sent!\n");
	}
	return new Response("Not found\n", { status: 404 });
});
