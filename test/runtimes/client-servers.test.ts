import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { createSession } from "better-sse";
import { EventStream, H3, toNodeHandler } from "h3";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { expect, onTestFinished, test } from "vitest";
import { EventClient, type EventClientOptions } from "../../src/client.ts";
import { call } from "../support/hub-client.ts";
import { startNchan } from "../support/nchan.ts";

/** `edge-sse/client` reads the streams of other servers by `fetch`. */

async function urlOf(server: ReturnType<typeof serve>): Promise<string> {
	if (!server.listening) await once(server, "listening");
	onTestFinished(() => {
		server.close();
		if ("closeAllConnections" in server) server.closeAllConnections();
	});
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}/stream`;
}

const listening = (server: ReturnType<typeof createServer>) => urlOf(server.listen(0, "127.0.0.1"));

/** The first events of a stream. */
async function heard(url: string, count: number, options: EventClientOptions = {}) {
	const events = new EventClient(url, options);
	const told: unknown[] = [];
	for await (const { type, data, lastEventId } of events.events("message", "greeting")) {
		told.push([type, data, lastEventId]);
		if (told.length === count) break;
	}
	return told;
}

test("Hono's streamSSE", async () => {
	const app = new Hono().get("/stream", (c) =>
		streamSSE(c, async (stream) => {
			await stream.writeSSE({ data: "one\ntwo", id: "1" });
			await stream.writeSSE({ data: '{"n":1}', event: "greeting", id: "2", retry: 100 });
			await stream.writeSSE({ data: "three" });
			await new Promise<void>((resolve) => stream.onAbort(resolve));
		}),
	);
	const url = await urlOf(serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }));
	expect(await heard(url, 3)).toEqual([
		["message", "one\ntwo", "1"],
		["greeting", { n: 1 }, "2"],
		["message", "three", "2"],
	]);
});

test("better-sse, with its last id", async () => {
	const url = await listening(
		createServer(async (request, response) => {
			const session = await createSession(request, response);
			session.push({ last: session.lastId }, "greeting", "7");
			session.push("text", "message", "8");
		}),
	);
	expect(await heard(url, 2, { lastEventId: "6" })).toEqual([
		["greeting", { last: "6" }, "7"],
		["message", "text", "8"],
	]);
});

test("h3's EventStream", async () => {
	const app = new H3().get("/stream", (event) => {
		const stream = new EventStream(event);
		void stream.push([
			{ data: "one\r\ntwo", id: "1" },
			{ data: "[1,2]", event: "greeting", id: "2", retry: 3_000 },
		]);
		return stream;
	});
	const url = await listening(createServer(toNodeHandler(app)));
	expect(await heard(url, 2)).toEqual([
		["message", "one\ntwo", "1"],
		["greeting", [1, 2], "2"],
	]);
});

test("nchan, with pings in between, and its own ids", async () => {
	const nchan = await startNchan();
	onTestFinished(() => nchan.kill());
	const publish = async (body: string, type?: string) => {
		const headers = { "content-type": "text/plain", ...(type && { "x-eventsource-event": type }) };
		const url = `${nchan.url}/publish?channel=a`;
		expect((await call(url, { method: "POST", headers, body })).status).toBeLessThan(300);
	};
	await publish("one\ntwo");
	await publish('{"n":1}', "greeting");
	const url = `${nchan.url}/stream?channel=a`;
	const first = await heard(url, 2);
	expect(first).toEqual([
		["message", "one\ntwo", expect.stringMatching(/^\d+:\d+$/)],
		["greeting", { n: 1 }, expect.stringMatching(/^\d+:\d+$/)],
	]);
	// The stream begins at nchan's own id, in the header that it reads.
	await publish("three");
	const [, [, , lastEventId] = []] = first as string[][];
	expect(await heard(url, 1, { lastEventId: String(lastEventId) })).toEqual([
		["message", "three", expect.stringMatching(/^\d+:\d+$/)],
	]);
});

test("a model's endpoint: a body is sent once, and the loop ends with the stream", async () => {
	const requests: unknown[] = [];
	const url = await listening(
		createServer(async (request, response) => {
			let body = "";
			for await (const chunk of request) body += chunk;
			const { method, headers } = request;
			requests.push([method, request.url, headers.authorization, JSON.parse(body)]);
			response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
			for (const token of ["Hel", "lo"]) {
				response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: token } }] })}\n\n`);
			}
			response.end("data: [DONE]\n\n");
		}),
	);
	const events = new EventClient<{ message: unknown }>(`${url}?a=b%20c`, {
		headers: { authorization: "Bearer key", "content-type": "application/json" },
		body: JSON.stringify({ stream: true }),
	});
	const told: unknown[] = [];
	for await (const { data } of events.events("message")) told.push(data);
	expect(told).toEqual([
		{ choices: [{ delta: { content: "Hel" } }] },
		{ choices: [{ delta: { content: "lo" } }] },
		"[DONE]",
	]);
	expect(events.state).toBe("closed");
	expect(requests).toEqual([["POST", "/stream?a=b%20c", "Bearer key", { stream: true }]]);
});
