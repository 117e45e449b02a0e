import { expect, onTestFinished, test } from "vitest";
import { jwtAuthorizer, signChannels } from "../../../src/auth.ts";
import { memory } from "../../../src/connectors/memory.ts";
import type { ServerSentEventsOptions } from "../../../src/core/options.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { secret } from "./kit.ts";

/** The authorizer on real streams, not only by its answers. */

function start(options: Partial<ServerSentEventsOptions> = {}): ServerSentEvents {
	const authorize = jwtAuthorizer({ secret, query: "token" });
	const sse = new ServerSentEvents({ connector: memory(), authorize, ...options });
	onTestFinished(() => sse.close());
	return sse;
}

const requested = (query: Record<string, string>, headers: Record<string, string> = {}) =>
	new Request(`http://127.0.0.1/stream?${new URLSearchParams(query)}`, { headers });

test("a stream ends when its token expires, and tells the client to reconnect", async () => {
	const sse = start();
	const token = await signChannels("room.*", { secret, expiresIn: 1_000 });
	const begin = performance.now();
	const response = await sse.fetch(requested({ channel: "room.1", token }));
	expect(response.status).toBe(200);
	await sse.publish("hello", { channel: "room.1" });
	const text = await response.text();
	expect(text).toContain("data:hello\n");
	expect(text).toMatch(/retry:\d+\n\n$/);
	// The expiry is rounded up to a second, and streams are checked every 2 s.
	expect(performance.now() - begin).toBeGreaterThan(900);
});

test("a refusal reaches the client unchanged, and a page of another origin can read it", async () => {
	const cors = { origin: "https://app.example", credentials: true };
	const sse = start({ cors });
	const response = await sse.fetch(requested({ channel: "a" }, { origin: cors.origin }));
	expect(response.status).toBe(401);
	expect(response.headers.get("www-authenticate")).toBe("Bearer");
	expect(response.headers.get("access-control-allow-origin")).toBe(cors.origin);
	expect(await response.json()).toEqual({ error: expect.any(String) });
});

test("with `partial` a stream carries the allowed channels and no other", async () => {
	const authorize = jwtAuthorizer({ secret, anonymous: ["news"], partial: true });
	const sse = start({ authorize });
	const url = "http://127.0.0.1/?channel=room.1&channel=news";
	const response = await sse.fetch(new Request(url));
	await sse.publish("secret", { channel: "room.1" });
	await sse.publish("open", { channel: "news" });
	let text = "";
	for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
		text += chunk;
		if (text.includes("data:open")) break;
	}
	expect(text).toContain("data:open\n");
	expect(text).not.toContain("secret");
});
