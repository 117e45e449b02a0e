import { expect, onTestFinished, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { upstash } from "../../../src/connectors/upstash.ts";
import { relayHandler } from "../../../src/relay.ts";

const authorize = ({ headers }: Request) => headers.get("authorization") === "Bearer secret";
const errors: unknown[] = [];
const onError = (error: unknown) => errors.push(error);
const { fetch } = relayHandler(memory(), { authorize, onError });

const headers = { authorization: "Bearer secret", "edge-sse-relay": "1" };
async function ask(
	body: unknown,
	init: RequestInit = {},
): Promise<{ status: number; error: string }> {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	const response = await fetch(
		new Request("http://hub/relay", { method: "POST", headers, body: text, ...init }),
	);
	const { error } = (await response.json()) as { error: string };
	return { status: response.status, error };
}

test.each([
	["a body that is no JSON", "{", "must be JSON"],
	["a body that is no object", "7", "must be an object"],
	["an unknown operation", { op: "constructor" }, "op:"],
	["no channels", { op: "subscribe", channels: [], positions: true }, "channels:"],
	["a name that is no text", { op: "subscribe", channels: [7], positions: true }, "channels:"],
	["an empty name", { op: "head", channel: "", back: 0 }, "channel:"],
	["a name of 513 characters", { op: "forget", channel: "x".repeat(513) }, "channel:"],
	["a lone surrogate as a name", { op: "forget", channel: "\ud800" }, "channel:"],
	[
		"10,001 channels",
		{ op: "subscribe", channels: Array(10_001).fill("a"), positions: true },
		"channels:",
	],
	["no positions", { op: "subscribe", channels: ["a"] }, "positions:"],
	["a message without payload", { op: "publish", messages: [{ channel: "a" }] }, "messages:"],
	[
		"a payload with a lone surrogate",
		{ op: "publish", messages: [{ channel: "a", payload: "\ud800" }] },
		"messages:",
	],
	["a read without limit", { op: "read", channel: "a", after: "0-0" }, "limit:"],
	["a read without a position", { op: "read", channel: "a", limit: 1 }, "after:"],
	["an unknown method of a run", { op: "run", call: "toString", args: ["a"] }, "call:"],
	["a run without its channel", { op: "run", call: "status", args: [] }, "args:"],
])("%s is a 400 that names the field", async (_, body, words) => {
	expect(await ask(body)).toEqual({ status: 400, error: expect.stringContaining(words) });
	expect(errors).toEqual([]);
});

test("a history or runs that the broker does not have are refused with a text", async () => {
	const read = { op: "read", channel: "a", after: "0-0", limit: 1 };
	expect(await ask(read)).toEqual({
		status: 403,
		error: expect.stringContaining("keeps no messages"),
	});
	const run = { op: "run", call: "status", args: ["a"] };
	expect(await ask(run)).toEqual({ status: 403, error: expect.stringContaining("keeps no runs") });
});

test("a wrong method, version or token, and a body that is too large, have their own status", async () => {
	const check = { op: "check" };
	const other = (more: Record<string, string>) => ({ headers: { ...headers, ...more } });
	const get = await fetch(new Request("http://hub/relay", { headers }));
	expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
	expect(await ask(check, other({ "edge-sse-relay": "2" }))).toMatchObject({ status: 400 });
	expect(await ask(check, other({ authorization: "Bearer secreT" }))).toMatchObject({
		status: 401,
	});
	expect(await ask("x".repeat(8_388_609))).toMatchObject({ status: 413 });
	expect(errors).toEqual([]);
});

test('a broker with the scope "request" cannot be relayed', async () => {
	const objects = upstash({ url: "https://x.invalid", token: "t", scope: "request" });
	const worker = relayHandler(objects, { authorize, onError });
	const body = JSON.stringify({ op: "check" });
	const answer = await worker.fetch(
		new Request("http://hub/relay", { method: "POST", headers, body }),
	);
	expect(answer.status).toBe(403);
	expect(await answer.text()).toContain("Relay a hub that is a process");
});

test("an error of authorize is reported to onError, and the answer shows no detail", async () => {
	const failing = relayHandler(memory(), {
		authorize: () => {
			throw new Error("the database of secrets");
		},
		onError,
	});
	const answer = await failing.fetch(new Request("http://hub/relay", { method: "POST", headers }));
	expect(answer.status).toBe(503);
	expect(await answer.text()).not.toContain("secrets");
	expect(errors.splice(0)).toEqual([
		expect.objectContaining({ message: "the database of secrets" }),
	]);
});

test("a stream whose reader leaves unsubscribes from the broker", async () => {
	const broker = memory();
	const root = relayHandler(broker, { authorize, onError });
	const body = JSON.stringify({ op: "subscribe", channels: ["news"], positions: true });
	const answer = await root.fetch(
		new Request("http://hub/relay", { method: "POST", headers, body }),
	);
	const reader = answer.body?.getReader();
	let text = "";
	while (!text.includes('"live"')) text += new TextDecoder().decode((await reader?.read())?.value);
	expect(await broker.publish("news", "{}")).toEqual({ receivers: 1 });
	await reader?.cancel();
	expect(await broker.publish("news", "{}")).toEqual({ receivers: 0 });
});

test("an onError that throws is logged to the console, and the answer stays a 503", async () => {
	const logged = vi.spyOn(console, "error").mockReturnValue();
	onTestFinished(() => logged.mockRestore());
	const fails = () => {
		throw new Error("of the test");
	};
	const failing = relayHandler(memory(), { authorize: fails, onError: fails });
	const answer = await failing.fetch(new Request("http://hub/relay", { method: "POST", headers }));
	expect(answer.status).toBe(503);
	expect(logged).toHaveBeenCalledOnce();
});

test("a relay that does not read is disconnected as slow, and unsubscribed from the broker", async () => {
	const broker = memory();
	const root = relayHandler(broker, { authorize, onError });
	const body = JSON.stringify({ op: "subscribe", channels: ["news"], positions: false });
	const answer = await root.fetch(
		new Request("http://hub/relay", { method: "POST", headers, body }),
	);
	await vi.waitFor(async () => {
		expect(await broker.publish("news", "x".repeat(1_000_000))).toEqual({ receivers: 1 });
	});
	await vi.waitFor(
		async () => {
			expect(await broker.publish("news", "x".repeat(1_000_000))).toEqual({ receivers: 0 });
		},
		{ timeout: 20_000, interval: 0 },
	);
	expect(errors.splice(0)).toEqual([expect.objectContaining({ code: "slow_consumer" })]);
	await expect(answer.text()).rejects.toThrow("16 MiB");
});

test("close() ends the handler's streams and refuses new ones", async () => {
	const root = relayHandler(memory(), { authorize, onError });
	const subscribe = () => {
		const body = JSON.stringify({ op: "subscribe", channels: ["news"], positions: true });
		return root.fetch(new Request("http://hub/relay", { method: "POST", headers, body }));
	};
	const stream = await subscribe();
	root.close();
	expect(await stream.text()).toMatch(/^\["open"/);
	expect((await subscribe()).status).toBe(503);
});

test("a request whose body ends after close() begins no stream", async () => {
	const handler = relayHandler(memory(), { authorize, onError });
	let end: () => void = () => undefined;
	const body = new ReadableStream({
		start: (controller) => {
			controller.enqueue(new TextEncoder().encode('{"op":"subscribe","channels":["a"],'));
			end = () => {
				controller.enqueue(new TextEncoder().encode('"positions":false}'));
				controller.close();
			};
		},
	});
	const init = { method: "POST", headers, body, duplex: "half" };
	const answer = handler.fetch(new Request("http://hub/relay", init));
	await new Promise<void>((resolve) => setImmediate(resolve));
	handler.close();
	end();
	expect((await answer).status).toBe(503);
});
