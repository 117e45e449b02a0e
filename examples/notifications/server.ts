import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";
import { toNodeHandler } from "edge-sse/node";

// For several processes: redis(url, { history: {} }) from "edge-sse/redis", and nothing else changes.
const sse = new ServerSentEvents({ connector: memory({ history: {} }) });
const page = await readFile(new URL("index.html", import.meta.url));

/** The user of the cookie that the login has set. Here anybody may be anybody. */
function userOf(request: Request): string | undefined {
	return /(?:^|; )user=([a-z]{1,32})(?:;|$)/.exec(request.headers.get("cookie") ?? "")?.[1];
}

const inboxOf = (user: string) => `users.${user}.inbox`;

const handler = toNodeHandler(async (request, host) => {
	const route = `${request.method} ${new URL(request.url).pathname}`;
	if (route === "GET /") return new Response(page, { headers: { "content-type": "text/html" } });

	// Your login is in the place of this.
	if (route === "POST /login") {
		const user = await request.text();
		if (!/^[a-z]{1,32}$/.test(user)) return new Response("A name has a to z.\n", { status: 400 });
		const cookie = `user=${user}; HttpOnly; SameSite=Strict`;
		return new Response(null, { status: 204, headers: { "set-cookie": cookie } });
	}

	if (route === "GET /notifications") {
		const user = userOf(request);
		if (user === undefined) return new Response("Log in first.\n", { status: 401 });
		// The server names the channel, so nobody reads another user's. A new page begins with the newest 20.
		return sse.stream(request, { channel: inboxOf(user), recent: 20, host });
	}

	const [, to] = /^POST \/notify\/([a-z]{1,32})$/.exec(route) ?? [];
	if (to !== undefined) {
		const text = await request.text();
		const { id } = await sse.publish({ text }, { type: "notification", channel: inboxOf(to) });
		return Response.json({ id });
	}
	return new Response("Not found\n", { status: 404 });
});

const port = Number(process.env.PORT ?? 8787);
createServer(handler).listen(port, "127.0.0.1", () => {
	console.log(`Listening on http://127.0.0.1:${port}`);
});
