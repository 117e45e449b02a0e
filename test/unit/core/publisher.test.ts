import { describe, expect, test } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import type { Connector, OutgoingMessage } from "../../../src/core/connector.ts";
import { ConnectorError, ServerSentEvents, ValidationError } from "../../../src/index.ts";
import { testBroker } from "../../../src/testing.ts";

/** A connector that records its calls. */
function recording(options: { history?: object; without?: "publishAll" } = {}) {
	const inner = memory({ ...(options.history && { history: options.history }) });
	const calls: unknown[][] = [];
	const connector: Connector = {
		name: "recording",
		scope: "process",
		history: inner.history,
		publish: async (...args) => {
			calls.push(args);
			return inner.publish(...args);
		},
		...(options.without !== "publishAll" && {
			publishAll: async (messages: readonly OutgoingMessage[]) => {
				calls.push([messages]);
				return (await inner.publishAll?.(messages)) ?? [];
			},
		}),
		subscribe: (...args) => inner.subscribe(...args),
		close: () => inner.close(),
	};
	return { connector, calls };
}

describe("channels.prefix", () => {
	test("is put before every channel, of one message and of several", async () => {
		const { connector, calls } = recording({ history: {} });
		const sse = new ServerSentEvents({ connector, channels: { prefix: "app/" } });
		await sse.publish("x", { channel: "a", key: "k" });
		await sse.publish("x", { channel: ["a", "b"], keep: false });
		await sse.publishAll([{ data: "x" }]);
		const payload = '{"data":"x"}';
		expect(calls).toEqual([
			["app/a", payload, { key: "k" }],
			[
				[
					{ channel: "app/a", payload, keep: false },
					{ channel: "app/b", payload, keep: false },
				],
			],
			[[{ channel: "app/sse", payload }]],
		]);
	});
});

describe("publishAll()", () => {
	test.each([[undefined], ["publishAll"]] as const)(
		"gives an outcome for each message (without: %s)",
		async (without) => {
			const { connector } = recording({ ...(without && { without }) });
			const sse = new ServerSentEvents({ connector });
			const messages = [
				{ data: 1, channel: "a" },
				{ data: 2 },
				{ data: 3, channel: "a", type: "t" },
			];
			expect(await sse.publishAll(messages)).toEqual(messages.map(() => ({ receivers: 0 })));
			expect(await sse.publishAll([])).toEqual([]);
		},
	);

	test("reports each failure in its outcome and does not reject", async () => {
		const broker = testBroker();
		const { publishAll: _, ...connector } = broker.connect();
		const sse = new ServerSentEvents({ connector });
		broker.fail("publish", new ConnectorError("refused", "No."));
		const outcomes = await sse.publishAll([{ data: 1 }, { data: 2 }]);
		expect(outcomes[0]?.error).toMatchObject({ code: "refused" });
		expect(outcomes[1]).toEqual({ receivers: 0 });
	});

	test.each([
		["a bad field", [{ data: 1 }, { data: 1, retry: -1 }], /^messages\[1\]: .*retry/],
		["a list of channels", [{ data: 1, channel: ["a"] }], /^messages\[0\]: .*channel/],
		["something else", [7], /^messages\[0\]: .*object/],
		["1,001 messages", Array.from({ length: 1_001 }, () => ({ data: 1 })), /1000/],
		["over 1 MiB", Array.from({ length: 2 }, () => ({ data: "x".repeat(600_000) })), /1048576/],
		["a key without history", [{ data: 1 }, { data: 1, key: "k" }], /key: needs/],
		["no array", { data: 1 }, /array/],
	])("refuses %s, and sends nothing", async (_, messages, rule) => {
		const { connector, calls } = recording();
		const sse = new ServerSentEvents({ connector });
		await expect(sse.publishAll(messages as never)).rejects.toThrow(rule);
		await expect(sse.publishAll(messages as never)).rejects.toThrow(TypeError);
		expect(calls).toEqual([]);
	});
});

describe("publish()", () => {
	test.each([
		["an empty list", { channel: [] }, /at least one/],
		["a channel twice", { channel: ["a", "a"] }, /twice/],
		["an empty key", { key: "" }, /key: must be/],
		["a key of 257 bytes", { key: `é${"x".repeat(255)}` }, /256 bytes/],
		["half an emoji as a key", { key: "\ud83d" }, /well-formed/],
		["a key with keep: false", { key: "k", keep: false }, /keep: false/],
		["keep that is no boolean", { keep: "no" }, /keep: must be/],
	])("refuses %s", async (_, options, rule) => {
		const { connector, calls } = recording({ history: {} });
		const sse = new ServerSentEvents({ connector });
		await expect(sse.publish("x", options as never)).rejects.toThrow(rule);
		expect(calls).toEqual([]);
	});
});

test("send() reports to onError, and keeps the order with other publishes", async () => {
	const broker = testBroker();
	const reports: unknown[] = [];
	const onError = (error: unknown, context: object) =>
		reports.push({ error: (error as Error).name, ...context });
	const sse = new ServerSentEvents({ connector: broker.connect(), onError });
	const payloads: string[] = [];
	await broker.connect().subscribe("a", {
		onMessage: (payload) => payloads.push(JSON.parse(payload).data),
		onLost: () => undefined,
		onRestored: () => undefined,
		onEnd: () => undefined,
	});
	broker.fail("publish");
	sse.send("fails", { channel: "a" });
	sse.send("one", { channel: "a" });
	const two = sse.publish("two", { channel: "a" });
	sse.send("three", { channel: "a", retry: -1 });
	sse.send("four", { channel: ["a", "b"] });
	await two;
	await sse.publish("five", { channel: "a" });
	expect(payloads).toEqual(["one", "two", "four", "five"]);
	expect(reports).toEqual([
		{ error: "TypeError", stage: "publish", channel: "a" },
		{ error: "ConnectorError", stage: "publish", channel: "a" },
	]);
});

test("the schema checks every message of a batch, and an invalid one stops the whole batch", async () => {
	const { connector, calls } = recording();
	const schema = {
		"~standard": {
			version: 1 as const,
			vendor: "test",
			validate: (value: unknown) =>
				typeof value === "number" ? { value } : { issues: [{ message: "must be a number" }] },
		},
	};
	const sse = new ServerSentEvents({ connector, events: { message: schema } });
	await expect(sse.publishAll([{ data: 1 }, { data: "x" as never }])).rejects.toThrow(
		ValidationError,
	);
	expect(calls).toEqual([]);
});

test("a batch that is refused at once leaves no unhandled rejection of a slower schema", async () => {
	const unheard: unknown[] = [];
	const hear = (error: unknown) => void unheard.push(error);
	process.on("unhandledRejection", hear);
	const issues = [{ message: "is refused" }];
	const schema = (validate: () => { issues: typeof issues } | Promise<{ issues: typeof issues }>) =>
		({ "~standard": { version: 1, vendor: "test", validate } }) as const;
	const sse = new ServerSentEvents({
		connector: recording().connector,
		events: { slow: schema(async () => ({ issues })), quick: schema(() => ({ issues })) },
	});
	const batch = [
		{ data: 1, type: "slow" },
		{ data: 2, type: "quick" },
	] as never[];
	await expect(sse.publishAll(batch)).rejects.toThrow("for events of the type quick");
	await new Promise(setImmediate);
	process.off("unhandledRejection", hear);
	expect(unheard).toEqual([]);
});
