/** better-sse, as its guide has it: `better-sse.ts http` on `node:http`, or `better-sse.ts fetch` on @hono/node-server. */
import { createChannel, createResponse, createSession, type Session } from "better-sse";
import { Channels, channelOf } from "./channels.ts";
import { serveFetch } from "./hosts.ts";
import { serveNode } from "./node-http.ts";

// Each channel is one of the library's own, so that its own broadcast is measured.
type Room = ReturnType<typeof createChannel>;
const rooms = new Map<string, Room>();
const channels = new Channels<Room>((joined, data) => {
	for (const room of joined) room.broadcast(data);
});

function enter(channel: string, session: Session): void {
	let room = rooms.get(channel);
	if (room === undefined) {
		room = createChannel();
		rooms.set(channel, room);
		channels.join(channel, room);
	}
	room.register(session);
}

if (process.argv[2] === "http") {
	serveNode(
		(body) => channels.publish(body),
		async (request, response) => {
			const channel = channelOf(request.url ?? "");
			await channels.subscribed(channel);
			enter(channel, await createSession(request, response));
		},
	);
} else {
	await serveFetch("node-server", async (request) => {
		if (request.method === "POST") {
			channels.publish(await request.text());
			return new Response(null, { status: 204 });
		}
		const channel = channelOf(request.url);
		await channels.subscribed(channel);
		return createResponse(request, (session) => enter(channel, session));
	});
}
