import { describe, expect, test } from "vitest";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { Recorder } from "../../src/testing.ts";
import { until } from "../support/wait.ts";
import { subscribes, useSubscriptions } from "./upstash-subscription-kit.ts";

const { server, setUp, publish } = useSubscriptions();

describe("reading", () => {
	test.for([
		["the default", {}],
		["no blank lines", { blankLines: false }],
		["no space", { space: false }],
		[
			"no blank lines, no space, a byte at a time",
			{ blankLines: false, space: false, chunks: "bytes" },
		],
		["CRLF", { lineEnd: "\r\n" }],
		[
			"CRLF a byte at a time, no blank lines",
			{ lineEnd: "\r\n", chunks: "bytes", blankLines: false },
		],
		["a byte at a time", { chunks: "bytes" }],
		["joined", { chunks: "joined" }],
		["joined, no blank lines", { chunks: "joined", blankLines: false }],
		["garbage", { garbage: true }],
		[
			"garbage, no blank lines, a byte at a time",
			{ garbage: true, blankLines: false, chunks: "bytes" },
		],
	] as const)("payloads come as they were published: %s", async ([, behaviour]) => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		gateway.behave(behaviour);
		const recorder = new Recorder();
		await connector.subscribe("chat, one", recorder);
		const payloads = ["hello", "", "a,b,,c", "é 😀 漢字", "  two", '{"data":"x"}', "data: x", "1"];
		for (const payload of payloads) await connector.publish("chat, one", payload);
		await recorder.saw("1");
		expect(recorder.messages).toEqual(payloads);
		expect(recorder.events).toEqual([]);
	});

	test("a payload of several lines is one payload, with \\n as each line end", async () => {
		await using scene = await setUp();
		const recorder = new Recorder();
		await scene.connector.subscribe("chat", recorder);
		await publish("chat", "a\nb\r\nc\rd\n\n");
		await recorder.saw("a\nb\nc\nd\n\n");
	});

	test("a payload of 1 MB, of characters of four bytes", async () => {
		await using scene = await setUp();
		const recorder = new Recorder();
		await scene.connector.subscribe("chat", recorder);
		const payload = "😀".repeat(2 ** 18);
		await scene.connector.publish("chat", payload);
		await until(() => recorder.messages.length > 0, { what: "the payload" });
		expect(recorder.messages[0] === payload).toBe(true);
	});
});

test("a hostile name reaches its own channel and no other path", async () => {
	await using scene = await setUp();
	const { gateway, connector } = scene;
	await server().command("SET", "secret", "stolen");
	const names = [
		"a/../../get/secret",
		"../get/secret",
		"..",
		".",
		"%2e%2e",
		"a,b",
		"a?x=1#f",
		"?_token=x",
		"two words",
		" ",
		"😀 é",
		"a\"b'c`d",
		"a\\..\\b",
		"a%2Fb",
		"a+b",
		"a\nb",
		"a\0b",
		"[.]",
		"[.][.]",
		"*",
		"x".repeat(300),
		"漢".repeat(300),
	];
	for (const [i, name] of names.entries()) {
		const recorder = new Recorder();
		const subscription = await connector.subscribe(name, recorder);
		const request = gateway.requests.at(-1);
		if (name === "." || name === "..") {
			expect(request?.commands).toEqual([["psubscribe", name.replaceAll(".", "[.]")]]);
		} else {
			expect(request?.commands).toEqual([["subscribe", name]]);
			expect(request?.path).toBe(`/subscribe/${encodeURIComponent(name)}`);
		}
		// Messages to the other channels must not arrive.
		for (const other of names) if (other !== name) await publish(other, "not for you");
		expect(await connector.publish(name, `for ${i}`)).toEqual({ receivers: 1 });
		expect(gateway.requests.at(-1)?.path).toBe("/");
		await recorder.saw(`for ${i}`);
		expect(recorder.messages, JSON.stringify(name)).toEqual([`for ${i}`]);
		await subscription.unsubscribe();
		await until(() => gateway.openSubscribes === 0, { what: "the leave" });
	}
	expect(gateway.requests.every(({ commands }) => commands[0]?.[0] !== "get")).toBe(true);
});

test.each([true, false])(
	"JSON over several lines is one message, blank lines or not: %s",
	async (blankLines) => {
		await using scene = await setUp();
		scene.gateway.behave({ blankLines });
		const sse = new ServerSentEvents({
			connector: scene.connector,
			stringify: (data) => JSON.stringify(data, null, 2).replaceAll("\n", "\r\n"),
		});
		const recorder = new Recorder();
		await scene.connector.subscribe("a", recorder);
		const data = { text: "a\r\nb", list: [1, { n: null }] };
		await sse.publish(data, { channel: "a" });
		await sse.publish("the end", { channel: "a" });
		await recorder.saw('{"data":"the end"}');
		expect(recorder.messages.map((payload) => JSON.parse(payload).data)).toEqual([data, "the end"]);
	},
);

test("a name with half a surrogate pair is refused: it would become another name", async () => {
	await using scene = await setUp();
	await expect(scene.connector.subscribe("a\ud800", new Recorder())).rejects.toThrow(TypeError);
	await expect(scene.connector.publish("a\ud800", "x")).rejects.toThrow(TypeError);
	expect(scene.gateway.requests).toEqual([]);
});

describe("subscribe rejects, and leaves nothing behind", () => {
	test.for([
		["401", { status: 401 }, "refused"],
		["403", { status: 403 }, "refused"],
		["400: SUBSCRIBE is not available", { status: 400, error: "ERR not available" }, "refused"],
		["404: there is no /subscribe", { status: 404, body: "Not found" }, "refused"],
		["429", { status: 429, retryAfter: "60" }, "unavailable"],
		["500", { status: 500 }, "unavailable"],
		["502, a page", { status: 502, body: "<html>" }, "unavailable"],
		["a reset", { status: "reset" }, "unavailable"],
		["a 200 that is no stream", { status: 200, body: '{"result":1}' }, "unavailable"],
	] as const)("%s: %o", async ([, fault, code]) => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		gateway.fault({ ...fault, to: "subscribe" });
		const recorder = new Recorder();
		await expect(connector.subscribe("chat", recorder)).rejects.toMatchObject({ code });
		await until(() => gateway.openSubscribes === 0, { what: "nothing open" });
		// A further try would have been seen before this one.
		gateway.faultless();
		const other = new Recorder();
		await connector.subscribe("other", other);
		expect(subscribes(gateway).length).toBe(2);
		expect(recorder.events).toEqual([]);
	});

	test("a broker that accepts the request and never confirms", async () => {
		await using scene = await setUp({ timeout: 100 });
		const { gateway, connector } = scene;
		gateway.behave({ silent: true });
		const subscribing = connector.subscribe("chat", new Recorder());
		await expect(subscribing).rejects.toThrow("did not confirm the subscription within 100 ms");
		await until(() => gateway.openSubscribes === 0, { what: "the request withdrawn" });
		await until(async () => (await server().numsub("chat")) === 0, { what: "nothing at Redis" });
	});

	test("a stream that ends before it confirms", async () => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		gateway.behave({ silent: true });
		const subscribing = expect(connector.subscribe("chat", new Recorder())).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringContaining("ended the stream before it confirmed"),
		});
		await until(async () => (await server().numsub("chat")) === 1, { what: "the silent stream" });
		await gateway.endStreams();
		await subscribing;
	});
});
