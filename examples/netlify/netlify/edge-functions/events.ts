import type { Config } from "@netlify/edge-functions";
import { ServerSentEvents } from "edge-sse";
import { upstash } from "edge-sse/upstash";

// Made with the first request: from UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN.
const sse = new ServerSentEvents({ connector: () => upstash() });

export default async function events(request: Request): Promise<Response> {
	const { pathname } = new URL(request.url);
	if (pathname === "/stream") return sse.fetch(request);
	if (request.method !== "POST") return new Response("POST only\n", { status: 405 });
	await sse.publish({ message: "Hello!" }, { type: "greeting" });
	return new Response("Message sent!\n");
}

export const config: Config = { path: ["/stream", "/hello"] };
