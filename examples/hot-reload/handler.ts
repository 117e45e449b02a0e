import { events } from "./events.ts";

/** Change this text while a stream is open: the next event has the new one. */
const text = "Hello!";

export async function handle(request: Request, host?: unknown): Promise<Response> {
	const { pathname } = new URL(request.url);
	if (pathname === "/stream") return events.fetch(request, host);
	if (pathname === "/hello" && request.method === "POST") {
		await events.publish({ message: text }, { type: "greeting" });
		return new Response("Message sent!\n");
	}
	return new Response("Not found\n", { status: 404 });
}
