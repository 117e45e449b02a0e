import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { ServerSentEvents } from "edge-sse";
import { jwtAuthorizer, signChannels } from "edge-sse/auth";
import { memory } from "edge-sse/memory";
import { toNodeHandler } from "edge-sse/node";

const secret = process.env.SSE_JWT_SECRET ?? ""; // at least 32 bytes, as the service's secret was
const sse = new ServerSentEvents({
	connector: memory({ history: {} }),
	authorize: jwtAuthorizer({ secret, query: "token", anonymous: ["public.*"] }),
});
const page = await readFile(new URL("index.html", import.meta.url));
const client = import.meta.resolve("edge-sse/client");

/** Your login knows who asks. Here it is a cookie that anybody can set. */
function userOf(request: Request): string {
	return (
		/(?:^|; )user=([a-z]{1,32})(?:;|$)/.exec(request.headers.get("cookie") ?? "")?.[1] ?? "guest"
	);
}

const handler = toNodeHandler(async (request, host) => {
	const { pathname } = new URL(request.url);
	if (pathname === "/") return new Response(page, { headers: { "content-type": "text/html" } });
	if (pathname === "/stream") return sse.fetch(request, host);

	// In the place of the service's auth endpoint: one token for all channels that this user may read.
	if (pathname === "/token" && request.method === "POST") {
		return new Response(await signChannels([`private.${userOf(request)}.*`], { secret }));
	}
	// In the place of `trigger(channels, event, data)`.
	if (pathname === "/trigger" && request.method === "POST") {
		const { channels, event, data } = await request.json();
		await sse.publish(data, { channel: channels, type: event });
		return new Response(null, { status: 204 });
	}
	// Serves the client's files, because this page has no bundler.
	const [, file] = /^\/edge-sse\/(client\.js|shared\/[\w-]+\.js)$/.exec(pathname) ?? [];
	if (file !== undefined) {
		const script = await readFile(new URL(file, client));
		return new Response(script, { headers: { "content-type": "text/javascript" } });
	}
	return new Response("Not found\n", { status: 404 });
});

const port = Number(process.env.PORT ?? 8787);
createServer(handler).listen(port, "127.0.0.1", () => {
	console.log(`Listening on http://127.0.0.1:${port}`);
});
