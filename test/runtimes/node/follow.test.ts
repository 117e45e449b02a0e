import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { follow, type TailEvent } from "../../../src/cli/follow.ts";

/** How `edge-sse tail` follows a stream, whatever its server does. */

type Answer = (outgoing: ServerResponse, incoming: IncomingMessage) => void;

const stream = (text: string): Answer => {
	return (outgoing) => outgoing.writeHead(200, { "content-type": "text/event-stream" }).end(text);
};
const status = (code: number, headers: Record<string, string> = {}, body = ""): Answer => {
	return (outgoing) => outgoing.writeHead(code, headers).end(body);
};

/** A server that gives these answers, one to each request, and repeats the last one. */
async function serve(...answers: Answer[]) {
	const requests: IncomingMessage[] = [];
	const server = createServer((incoming, outgoing) => {
		requests.push(incoming);
		answers[Math.min(requests.length, answers.length) - 1]?.(outgoing, incoming);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	const { port } = server.address() as AddressInfo;
	return { url: new URL(`http://127.0.0.1:${port}/`), requests };
}

/** The first events that come, and what was printed meanwhile. */
async function first(count: number, url: URL, token?: string) {
	const notes: string[] = [];
	const events: TailEvent[] = [];
	const all = follow({ url, token, lastEventId: undefined, onNote: (text) => notes.push(text) });
	for await (const event of all) {
		events.push(event);
		if (events.length === count) break;
	}
	return { events, notes };
}

test("it comes back with the last id, in the bytes of UTF-8, after an end, a failure and a pause", async () => {
	const { url, requests } = await serve(
		stream("retry:0\nid:é1\ndata:one\n\n"),
		status(503),
		stream("data:two\n\nid:2\n\nevent:t\ndata:three\n\n"),
	);
	const begin = performance.now();
	const { events, notes } = await first(3, url, "secret");
	expect(events.map(({ type, data, lastEventId }) => [type, data, lastEventId])).toEqual([
		["message", "one", "é1"],
		["message", "two", "é1"],
		["t", "three", "2"],
	]);
	const sent = requests.map(({ headers }) => headers["last-event-id"]);
	expect(sent.map((id) => id && Buffer.from(String(id), "latin1").toString())).toEqual([
		...[undefined, "é1", "é1"],
	]);
	expect(requests.map(({ headers }) => headers.authorization)).toEqual(
		Array.from({ length: 3 }, () => "Bearer secret"),
	);
	expect(notes.at(-1)).toBe("connected again");
	// The server had given no time.
	expect(performance.now() - begin).toBeGreaterThan(2 * 187);
});

test.each([
	["a refusal", status(403, {}, '{"error":"no\\u001b[2J"}'), "answered 403: no\\u001b[2J"],
	["a redirect", status(302, { location: "http://127.0.0.1:1/" }), "answered 302."],
	["another content type", status(200, { "content-type": "text/html" }), "no event stream"],
	["a 204", status(204), "answered 204."],
])("%s ends it, even after it has streamed", async (_, answer, text) => {
	const { url, requests } = await serve(stream("retry:0\ndata:one\n\n"), answer);
	await expect(first(2, url)).rejects.toThrow(text);
	expect(requests).toHaveLength(2);
});

test("an event without an end is given up, and asked for again", async () => {
	const { url } = await serve(
		stream(`retry:0\ndata:one\n\ndata:${"x".repeat(17 * 1_048_576)}`),
		stream("data:two\n\n"),
	);
	const { events, notes } = await first(2, url);
	expect(events.map(({ data }) => data)).toEqual(["one", "two"]);
	expect(notes.filter((text) => text.startsWith("the stream is lost"))).toHaveLength(1);
});
