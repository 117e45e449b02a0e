import { sse } from "../sse.ts";

export const config = { runtime: "edge" };

export default async function hello(request: Request): Promise<Response> {
	if (request.method !== "POST") return new Response("POST only\n", { status: 405 });
	await sse.publish({ message: "Hello!" }, { type: "greeting" });
	return new Response("Message sent!\n");
}
