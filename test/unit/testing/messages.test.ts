import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { toNodeHandler } from "../../../src/adapters/node.ts";
import { memory } from "../../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../../src/exports.ts";
import { readMessages, until } from "../../../src/testing.ts";

function instance() {
	const sse = new ServerSentEvents({ connector: memory(), linger: 0 });
	onTestFinished(() => sse.close());
	const open = async () => readMessages(await sse.fetch(new Request("http://localhost/")));
	return { sse, open };
}

test("every message arrives with type, data and last id, until the stream ends", async () => {
	const { sse, open } = instance();
	const messages = await open();
	await sse.publish("a\nb");
	await sse.publish({ n: 1 }, { type: "count", id: 7 });
	await sse.publish("", { retry: 10 });
	await sse.close();
	const expected = [
		{ type: "message", data: "a\nb", lastEventId: "" },
		{ type: "count", data: '{"n":1}', lastEventId: "7" },
		{ type: "message", data: "", lastEventId: "7" },
	];
	// A later reader gets all messages, too.
	for (const _ of [1, 2]) {
		const seen = [];
		for await (const message of messages) seen.push(message);
		expect(seen).toEqual(expected);
	}
	await messages.end();
	expect([messages.received, messages.ended]).toEqual([expected, true]);
	expect(messages.retry).toBeGreaterThanOrEqual(2_000);
});

test("readMessages() reads the response of a server as well", async () => {
	const { sse } = instance();
	const server = createServer(toNodeHandler(sse)).listen(0, "127.0.0.1");
	onTestFinished(() => void server.close());
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	const messages = readMessages(await fetch(`http://127.0.0.1:${port}/`));
	await sse.publish("é漢😀");
	expect(await messages.nth(1)).toMatchObject({ data: "é漢😀" });
	await messages.close();
	await until(() => sse.stats().connections === 0, { what: "no connections" });
});

test("nth(), find() and end() resolve for messages and an end that come later", async () => {
	const { sse, open } = instance();
	const messages = await open();
	const [second, found] = [messages.nth(2), messages.find(({ data }) => data === "three")];
	for (const text of ["one", "two", "three"]) await sse.publish(text);
	expect(await second).toMatchObject({ data: "two" });
	expect(await found).toBe(await messages.nth(3));
	const end = messages.end({ timeout: 2_000 });
	await sse.close();
	await end;
});

test("a wait that times out says which messages came", async () => {
	const { sse, open } = instance();
	const messages = await open();
	await sse.publish("one");
	await messages.nth(1);
	const came = '1 messages came, the last {"type":"message","data":"one","lastEventId":""}.';
	await expect(messages.nth(2, { timeout: 20 })).rejects.toThrow(
		`Waited 20 ms for message 2; ${came}`,
	);
	await expect(messages.end({ timeout: 20 })).rejects.toThrow(
		`Waited 20 ms for the end of the stream; ${came}`,
	);
	const never = messages.find(() => false);
	const failed = expect(never).rejects.toThrow(
		`The stream is over without the message looked for; ${came}`,
	);
	await sse.close();
	await failed;
});

test("close() and leaving the loop disconnect from the server", async () => {
	const { sse, open } = instance();
	const messages = await open();
	await messages.close();
	await messages.close();
	expect([messages.ended, sse.stats().connections]).toEqual([true, 0]);
	const left = await open();
	expect(sse.stats().connections).toBe(1);
	await sse.publish("one");
	for await (const { data } of left) {
		expect(data).toBe("one");
		break;
	}
	expect(sse.stats().connections).toBe(0);
});

test("a stream that breaks is an error after its messages", async () => {
	const broken = new Error("The connection was reset.");
	let pulls = 0;
	const body = new ReadableStream({
		pull(controller) {
			if (pulls++ === 0) controller.enqueue(new TextEncoder().encode("data:one\n\ndata:half"));
			else controller.error(broken);
		},
	});
	const messages = readMessages(
		new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } }),
	);
	const seen: string[] = [];
	const reading = async () => {
		for await (const { data } of messages) seen.push(data);
	};
	await expect(reading()).rejects.toBe(broken);
	expect(seen).toEqual(["one"]);
	await expect(messages.end()).rejects.toBe(broken);
	await expect(messages.nth(2)).rejects.toMatchObject({ cause: broken });
	await messages.close();
});

test.each([
	[new Response("{}", { status: 403 }), "403, text/plain;charset=UTF-8"],
	[Response.json({}), "200, application/json"],
	[new Response(null, { headers: { "content-type": "text/event-stream" } }), "200, text/event"],
])("a response that is no event stream is a TypeError", (response, what) => {
	expect(() => readMessages(response)).toThrow(TypeError);
	expect(() => readMessages(response.clone())).toThrow(`is no event stream, but ${what}`);
});
