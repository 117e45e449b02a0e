import { once } from "node:events";
import express from "express";
import { Hono } from "hono";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { type NodeFetch, type NodeHost, toNodeHandler } from "../../../src/adapters/node.ts";
import { openSocketStream } from "../../support/event-stream.ts";
import { call, json } from "../../support/hub-client.ts";
import { instance, overHttp } from "./hosts.ts";
import { RawClient } from "./raw-client.ts";

/** `toNodeHandler` for any fetch handler: requests in, responses out. */

const reported = vi.spyOn(console, "error").mockImplementation(() => undefined);
afterEach(() => reported.mockClear());

const serving = (fetch: NodeFetch) => overHttp(toNodeHandler(fetch));

/** What the handler is told of a request. */
const echo: NodeFetch = async (request) =>
	Response.json({
		method: request.method,
		url: request.url,
		cookie: request.headers.get("cookie"),
		body: await request.text(),
	});

test("a request arrives as it was sent", async () => {
	const { url } = await serving(echo);
	const headers = { host: "app.example:8080", cookie: "a=1; b=2" };
	const get = await call(`${url}a%20b//c?x=1&x=2`, { headers });
	expect(json(get)).toEqual({
		method: "GET",
		url: "http://app.example:8080/a%20b//c?x=1&x=2",
		cookie: "a=1; b=2",
		body: "",
	});
	const put = await call(url, { method: "PUT", body: ["in two ", "parts"] });
	expect(json(put)).toMatchObject({ method: "PUT", body: "in two parts" });
});

const targets: [target: string, host: string, url: string | undefined][] = [
	["http://other.example/path", "a", "http://other.example/path"],
	["//host.example/path", "a", "http://a//host.example/path"],
	["/", "[::1]:3000", "http://[::1]:3000/"],
	["/", "", "http://localhost/"],
	["/a", "b/c", undefined],
	["/a", "user@b", undefined],
	["/a", "b?c", undefined],
	["/a", "b#c", undefined],
	["/a", "b\\c", undefined],
	["/a", "b:99999", undefined],
	["/a", "b c", undefined],
	["/a", "%", undefined],
	["ftp://b/c", "a", undefined],
	["http://", "a", undefined],
];
test.each(targets)("GET %s of host %j is for %s", async (target, host, expected) => {
	const client = await RawClient.to((await serving(echo)).url);
	client.send(`GET ${target} HTTP/1.1`, `host: ${host}`);
	await client.until(/\r\n\r\n/);
	const [{ head, body } = { head: "", body: "" }] = client.responses();
	if (expected === undefined)
		expect([head.split("\r\n")[0], body]).toEqual(["HTTP/1.1 400 Bad Request", ""]);
	else expect(JSON.parse(body)).toMatchObject({ url: expected });
	expect(reported).not.toHaveBeenCalled();
});

test.each(["OPTIONS *", "TRACE /"])(
	"%s, which no Request can hold, is refused: 400",
	async (line) => {
		const client = await RawClient.to((await serving(echo)).url);
		client.send(`${line} HTTP/1.1`, "host: a");
		await client.until(/^HTTP\/1.1 400 /);
	},
);

test("a handler that fails is reported, and answered without its message: 500", async () => {
	const { url } = await serving(() => {
		throw new Error("The password is xyzzy.");
	});
	expect(await call(url)).toMatchObject({ status: 500, body: "" });
	const { url: later } = await serving(() => Promise.reject(new Error("Later.")));
	expect(await call(later)).toMatchObject({ status: 500, body: "" });
	expect(reported.mock.calls).toMatchObject([
		["edge-sse:", { message: "The password is xyzzy." }],
		["edge-sse:", { message: "Later." }],
	]);
});

test("a response is sent with its status, its headers, and those that were set before", async () => {
	const app = express();
	app.use((_, response, next) => {
		response.setHeader("set-cookie", "before=1");
		response.setHeader("vary", "Origin");
		response.setHeader("cache-control", "public");
		next();
	});
	const headers = new Headers({ vary: "Accept", "cache-control": "no-store" });
	headers.append("set-cookie", "a=1");
	headers.append("set-cookie", "b=2");
	app.get(
		"/text",
		toNodeHandler(() => new Response("é", { status: 201, headers })),
	);
	app.get(
		"/nothing",
		toNodeHandler(() => new Response(null, { status: 204, headers })),
	);
	const { url } = await overHttp(app);
	for (const [path, status, body] of [
		["text", 201, "é"],
		["nothing", 204, ""],
	]) {
		const answer = await call(url + path);
		expect(answer).toMatchObject({ status, body });
		expect(answer.headers.get("cache-control")).toBe("no-store");
		expect(answer.headers.get("vary")).toBe("Origin, Accept");
		expect(answer.headers.get("set-cookie")).toBe("before=1, a=1, b=2");
	}
	const head = await call(`${url}text`, { method: "HEAD" });
	expect(head).toMatchObject({ status: 201, body: "" });
});

test("an Express route chooses the channel from its own request", async () => {
	const { sse } = instance();
	const app = express();
	app.get(
		"/rooms/:room",
		toNodeHandler((request, host: NodeHost<express.Request<{ room: string }>>) =>
			sse.stream(request, { channel: `room.${host.incoming.params.room}`, host }),
		),
	);
	const { url } = await overHttp(app);
	const stream = await openSocketStream(`${url}rooms/7?channel=another`);
	onTestFinished(() => stream.close());
	await stream.comment();
	expect(await sse.publish("in", { channel: "room.7" })).toMatchObject({ receivers: 1 });
	expect(await stream.event()).toMatchObject({ data: "in" });
});

test("refusals and closing streams are answered as on other hosts", async () => {
	const { sse } = instance();
	const { url } = await overHttp(toNodeHandler(sse));
	expect(await call(url, { method: "POST", body: "x" })).toMatchObject({ status: 405 });
	expect(await call(`${url}?channel=${"x".repeat(513)}`)).toMatchObject({ status: 400 });
	await sse.close();
	const { status, body } = await call(url);
	expect([status, body]).toEqual([200, expect.stringMatching(/^:\n\nretry:\d+\n\n$/)]);
});

test("any object with a `fetch` is served, such as a Hono app", async () => {
	const { url, server } = await overHttp(
		toNodeHandler(
			new Hono().post("/shout", async (c) => c.text((await c.req.text()).toUpperCase())),
		),
	);
	expect(await call(`${url}shout`, { method: "POST", body: "hey" })).toMatchObject({ body: "HEY" });
	const closed = once(server, "close");
	server.close();
	await closed;
});
