import { env } from "cloudflare:workers";
import { ServerSentEvents } from "edge-sse";
import { durableObject } from "edge-sse/durable-object";

export { SseChannel } from "edge-sse/durable-object";

const sse = new ServerSentEvents({ connector: durableObject(env.SSE, { history: {} }) });

export default {
	async fetch(request) {
		const [, room] = /^\/rooms\/([a-z0-9]{1,32})$/.exec(new URL(request.url).pathname) ?? [];
		if (room === undefined) return new Response("Not found\n", { status: 404 });
		const channel = `room.${room}`;
		if (request.method === "GET") return sse.stream(request, { channel });
		if (request.method !== "POST") return new Response("GET or POST\n", { status: 405 });
		await sse.publish({ text: await request.text() }, { type: "said", channel });
		return new Response(null, { status: 204 });
	},
};
