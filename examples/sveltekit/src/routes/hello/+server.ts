import { sse } from "../../lib/server/sse.ts";
import type { RequestHandler } from "./$types";

export const POST: RequestHandler = async () => {
	await sse.publish({ message: "Hello!" }, { type: "greeting" });
	return new Response("Message sent!\n");
};
