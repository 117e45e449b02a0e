import { publish, upstash } from "edge-sse/publish";

export async function POST(): Promise<Response> {
	// The same history as in lib/sse.ts: what is published is kept for the streams.
	await publish(upstash({ history: {} }), { message: "Hello!" }, { type: "greeting" });
	return new Response("Message sent!\n");
}
