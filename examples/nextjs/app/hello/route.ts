import { sse } from "../../lib/sse";

export async function POST(): Promise<Response> {
	await sse.publish({ message: "Hello!" }, { type: "greeting" });
	return new Response("Message sent!\n");
}
