import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";
import { toNodeHandler } from "edge-sse/node";
import { Presence } from "edge-sse/presence";

// For several processes: redis(url, { history: {} }) from "edge-sse/redis", and nothing else changes.
const sse = new ServerSentEvents({ connector: memory({ history: {} }) });
const presence = new Presence(sse, {
	id: (request) => userOf(request) ?? null,
	events: () => true, // whoever may read a room may see who is in it
	grace: 2_000, // how long a member stays after the last stream, in ms
});
const page = await readFile(new URL("index.html", import.meta.url));

/** The user of the cookie that the login has set. Here anybody may be anybody. */
function userOf(request: Request): string | undefined {
	return /(?:^|; )user=([a-z]{1,32})(?:;|$)/.exec(request.headers.get("cookie") ?? "")?.[1];
}

const handler = toNodeHandler(async (request, host) => {
	const { pathname } = new URL(request.url);
	if (pathname === "/") return new Response(page, { headers: { "content-type": "text/html" } });

	// Your login is in the place of this.
	if (pathname === "/login" && request.method === "GET") {
		return Response.json({ user: userOf(request) ?? null });
	}
	if (pathname === "/login" && request.method === "POST") {
		const user = await request.text();
		if (!/^[a-z]{1,32}$/.test(user)) return new Response("A name has a to z.\n", { status: 400 });
		const cookie = `user=${user}; HttpOnly; SameSite=Strict`;
		return new Response(null, { status: 204, headers: { "set-cookie": cookie } });
	}

	const [, room, members] = /^\/rooms\/([a-z]{1,32})(\/members)?$/.exec(pathname) ?? [];
	if (room === undefined) return new Response("Not found\n", { status: 404 });
	const user = userOf(request);
	if (user === undefined) return new Response("Log in first.\n", { status: 401 });
	const channel = `rooms.${room}`;

	if (members !== undefined) return Response.json(await presence.members(channel));
	if (request.method === "GET") return sse.stream(request, { channel, recent: 50, host });
	if (request.method !== "POST") return new Response("GET or POST\n", { status: 405 });
	await sse.publish({ user, text: await request.text() }, { type: "said", channel });
	return new Response(null, { status: 204 });
});

const port = Number(process.env.PORT ?? 8787);
createServer(handler).listen(port, "127.0.0.1", () => {
	console.log(`Listening on http://127.0.0.1:${port}`);
});
