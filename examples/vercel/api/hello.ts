import { publish, upstash } from "edge-sse/publish";

export const config = { runtime: "edge" };

export default async function hello(request: Request): Promise<Response> {
	if (request.method !== "POST") return new Response("POST only\n", { status: 405 });
	// The same history as in sse.ts: what is published is kept for the streams.
	await publish(upstash({ history: {} }), { message: "Hello!" }, { type: "greeting" });
	return new Response("Message sent!\n");
}
