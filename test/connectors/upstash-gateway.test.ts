import { Redis } from "@upstash/redis";
import { createParser } from "eventsource-parser";
import { beforeAll, expect, test } from "vitest";
import { until } from "../support/wait.ts";
import { useGateway } from "./upstash-gateway-kit.ts";

/** The gateway answers as Upstash does: its commands, its encodings, its streams. */

const { fixture, raw } = useGateway();
let sdk: Redis;

beforeAll(() => {
	sdk = new Redis({
		url: fixture.gateway.url,
		token: fixture.gateway.token,
		enableTelemetry: false,
	});
});

const answer = async (path: string, init?: RequestInit) => {
	const response = await raw(path, init);
	return [response.status, await response.json()];
};

test("the SDK's commands work, with base64 in between", async () => {
	const seen = fixture.gateway.requests.length;
	expect(await sdk.set("key", "naïve 😀 \n line")).toBe("OK");
	expect(await sdk.get("key")).toBe("naïve 😀 \n line");
	expect(await sdk.set("json", { a: [1, null] })).toBe("OK");
	expect(await sdk.get("json")).toEqual({ a: [1, null] });
	expect(await sdk.incr("counter")).toBe(1);
	expect(await sdk.get("missing")).toBeNull();
	expect(await sdk.rpush("list", "OK", "b")).toBe(2);
	expect(await sdk.eval("return {KEYS[1], ARGV[1], 7}", ["k"], ["v"])).toEqual(["k", "v", 7]);
	const id = await sdk.xadd("stream", "*", { field: "value" });
	expect(await sdk.xrange("stream", "-", "+")).toEqual({ [id]: { field: "value" } });
	expect(fixture.gateway.requests[seen]?.headers["upstash-encoding"]).toBe("base64");
});

test("base64 encodes every string but OK, and only on request", async () => {
	await fixture.server.command("SET", "key", "é");
	await fixture.server.command("RPUSH", "list", "OK", "é");
	const base64 = { headers: { "upstash-encoding": "base64" } };
	expect(await answer("/get/key")).toEqual([200, { result: "é" }]);
	expect(await answer("/get/key", base64)).toEqual([200, { result: "w6k=" }]);
	expect(await answer("/set/key/x", base64)).toEqual([200, { result: "OK" }]);
	expect(await answer("/lrange/list/0/-1", base64)).toEqual([200, { result: ["OK", "w6k="] }]);
	expect(await answer("/strlen/key", base64)).toEqual([200, { result: 1 }]);
});

test("the SDK's pipeline is ordered, and one failure does not fail the others", async () => {
	const before = fixture.gateway.commands;
	const pipeline = sdk.pipeline().set("a", "text").incr("a").get("a");
	expect(await pipeline.exec({ keepErrors: true })).toEqual([
		{ result: "OK", error: undefined },
		{ result: undefined, error: expect.stringContaining("not an integer") },
		{ result: "text", error: undefined },
	]);
	expect(fixture.gateway.commands - before).toBe(3);
	expect(fixture.gateway.requests.at(-1)?.path).toBe("/pipeline");
});

test("the SDK's transaction is atomic: a command that cannot be queued undoes it all", async () => {
	expect(await sdk.multi().set("b", "1").incr("b").exec()).toEqual(["OK", 2]);
	expect(fixture.gateway.requests.at(-1)?.path).toBe("/multi-exec");
	const [status] = await answer("/multi-exec", {
		method: "POST",
		body: JSON.stringify([["SET", "b", "9"], ["GET"]]),
	});
	expect(status).toBe(400);
	expect(await sdk.get("b")).toBe(2);
});

test("a command in the path works by GET and POST, encoded, with a body and parameters", async () => {
	expect(await answer("/set/a%2Fb/x%20y")).toEqual([200, { result: "OK" }]);
	expect(await fixture.server.command("GET", "a/b")).toBe("x y");
	const body = { method: "POST", body: "the value" };
	expect(await answer("/set/c?EX=100", body)).toEqual([200, { result: "OK" }]);
	expect(await fixture.server.command("GET", "c")).toBe("the value");
	expect(Number(await fixture.server.command("TTL", "c"))).toBeGreaterThan(90);
	expect(await answer("/publish/nobody/hello")).toEqual([200, { result: 0 }]);
	expect(fixture.gateway.requests.at(-1)?.commands).toEqual([["publish", "nobody", "hello"]]);
});

test("the token comes as a header or as a parameter, and is required", async () => {
	const open = (path: string, headers = {}) => fetch(fixture.gateway.url + path, { headers });
	expect((await open(`/get/a?_token=${fixture.gateway.token}`)).status).toBe(200);
	const before = fixture.gateway.commands;
	for (const response of [
		await open("/incr/stolen"),
		await open("/incr/stolen?_token=wrong"),
		await open("/incr/stolen", { authorization: "Bearer wrong" }),
		await open("/subscribe/chat", { authorization: "Bearer wrong" }),
	]) {
		expect([response.status, await response.json()]).toEqual([401, { error: "Unauthorized" }]);
	}
	expect(fixture.gateway.commands).toBe(before);
	expect(await fixture.server.command("GET", "stolen")).toBeNull();
});

test("an invalid request is a 400 with an error, and never a crash", async () => {
	const post = (body: string) => answer("/", { method: "POST", body });
	for (const result of [
		await post("no JSON"),
		await post("[]"),
		await post('["nonsense"]'),
		await post('["SUBSCRIBE", "chat"]'),
		await answer("/get"),
		await answer("/get/%ff"),
		await answer("/subscribe"),
		await answer("/subscribe/a/b"),
	]) {
		expect(result).toEqual([400, { error: expect.any(String) }]);
	}
	expect((await raw("/get/a", { method: "DELETE" })).status).toBe(405);
	await expect(sdk.incr("a")).resolves.toBe(1);
});

test("the SDK subscribes, and receives what is published by command and by path", async () => {
	const messages: unknown[] = [];
	const counts: number[] = [];
	const subscriber = sdk.subscribe<string>("chat");
	subscriber.on("subscribe", (count) => counts.push(count));
	subscriber.on("message", ({ channel, message }) => messages.push([channel, message]));
	await until(() => counts.length > 0, { what: "the confirmation" });
	expect(counts).toEqual([1]);
	expect(await sdk.publish("chat", "one, two")).toBe(1);
	await fixture.server.command("PUBLISH", "chat", "from elsewhere");
	await until(() => messages.length === 2, { what: "both messages" });
	expect(messages).toEqual([
		["chat", "one, two"],
		["chat", "from elsewhere"],
	]);
	expect(fixture.gateway.openSubscribes).toBe(1);
	await subscriber.unsubscribe();
	await until(() => fixture.gateway.openSubscribes === 0, { what: "the leave at the gateway" });
	await until(async () => (await fixture.server.numsub("chat")) === 0, {
		what: "the leave at Redis",
	});
});

test("the SDK subscribes to a pattern", async () => {
	const messages: unknown[] = [];
	const subscriber = sdk.psubscribe("room.*");
	let confirmed = false;
	subscriber.on("psubscribe", () => {
		confirmed = true;
	});
	subscriber.on("pmessage", (message) => messages.push(message));
	await until(() => confirmed, { what: "the confirmation" });
	// The SDK reports a pattern's message as an error unless it is JSON.
	await sdk.publish("room.1", { hello: 1 });
	await until(() => messages.length === 1, { what: "the message" });
	expect(messages).toEqual([{ pattern: "room.*", channel: "room.1", message: { hello: 1 } }]);
	await subscriber.unsubscribe();
	await until(() => fixture.gateway.openSubscribes === 0, { what: "the leave at the gateway" });
});

test.for([
	["the default", {}],
	["without a space", { space: false }],
	["CRLF", { lineEnd: "\r\n" }],
	["CR", { lineEnd: "\r" }],
	["a byte at a time", { chunks: "bytes" }],
	["joined", { chunks: "joined" }],
	["with garbage", { garbage: true }],
] as const)("a standard parser reads the stream: %s", async ([, behaviour]) => {
	fixture.gateway.behave(behaviour);
	const abort = new AbortController();
	const response = await raw("/subscribe/a%2Cb", { method: "POST", signal: abort.signal });
	expect(response.headers.get("content-type")).toBe("text/event-stream");
	const events: string[] = [];
	const parser = createParser({ onEvent: ({ data }) => events.push(data) });
	const decoder = new TextDecoder();
	const reader = response.body?.getReader();
	const next = async (count: number) => {
		while (events.length < count) {
			parser.feed(decoder.decode((await reader?.read())?.value, { stream: true }));
		}
	};
	await next(1);
	await fixture.server.command("PUBLISH", "a,b", "é😀, and so on");
	await fixture.server.command("PUBLISH", "a,b", "line\nline");
	// A parser cannot interpret the last CR of a stream until it sees the next byte.
	await fixture.server.command("PUBLISH", "a,b", "end");
	await next(3);
	expect(events.slice(0, 3)).toEqual([
		"subscribe,a,b,1",
		"message,a,b,é😀, and so on",
		"message,a,b,line\nline",
	]);
	abort.abort();
	await until(() => fixture.gateway.openSubscribes === 0, { what: "the leave" });
});
