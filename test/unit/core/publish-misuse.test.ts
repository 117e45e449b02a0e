import { Redis } from "@upstash/redis";
import { expect, test } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import type { Connector } from "../../../src/core/connector.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import * as targets from "../../../src/publish.ts";
import { until } from "../../support/wait.ts";

/** Wrong arguments are refused or reported with the library's own messages. */

const wrong = [null, "channel", 7] as never[];

test.each([null, 7, {}, [], [null]] as never[])(
	"send() to the channel %j is reported and throws nothing",
	async (channel) => {
		const heard: [string, unknown][] = [];
		const sse = new ServerSentEvents({
			connector: memory(),
			onError: (error, { stage }) => heard.push([stage, error]),
		});
		sse.send("x", { channel });
		await until(() => heard.length === 1, { what: "a report" });
		expect(heard).toEqual([["publish", expect.any(TypeError)]]);
		expect(String(heard[0]?.[1])).toMatch(/^TypeError: Cannot publish\. channel: must /);
	},
);

test.each(wrong)("options that are %j are refused with a clear error", async (options) => {
	const sse = new ServerSentEvents({ connector: memory() });
	await expect(sse.publish("x", options)).rejects.toThrow("The options must be an object");
});

test("a hole in the list of publishAll() is named by its index", async () => {
	const sse = new ServerSentEvents({ connector: memory() });
	const holes: never[] = [];
	holes[1] = { data: 1 } as never;
	await expect(sse.publishAll(holes)).rejects.toThrow(
		"messages[0]: Cannot publish. A message must be an object with data.",
	);
});

test("a large message to a thousand channels is refused without building the payloads", async () => {
	const sse = new ServerSentEvents({ connector: memory() });
	const channel = Array.from({ length: 1_000 }, (_, n) => `c${n}`);
	await expect(sse.publish("x".repeat(1_000_000), { channel })).rejects.toThrow(
		/^Cannot publish\. data: at most 1048576 bytes in one call/,
	);
	const fits = "é".repeat(200);
	expect(await sse.publish(fits, { channel })).toHaveLength(1_000);
	await expect(sse.publish("é".repeat(600), { channel })).rejects.toThrow(TypeError);
});

test("without the connector's publishAll, a later publish still follows the whole list", async () => {
	const sent: string[] = [];
	const plain = memory();
	const connector: Connector = {
		name: "plain",
		scope: "process",
		publish: async (channel, payload) => {
			sent.push(payload);
			return plain.publish(channel, payload);
		},
		subscribe: (channel, handlers) => plain.subscribe(channel, handlers),
		close: () => plain.close(),
	};
	const sse = new ServerSentEvents({ connector });
	await Promise.all([sse.publishAll([{ data: 1 }, { data: 2 }, { data: 3 }]), sse.publish(4)]);
	expect(sent).toEqual([1, 2, 3, 4].map((data) => JSON.stringify({ data })));
});

test("publish-only targets refuse unknown options", () => {
	const url = "https://db.upstash.io";
	expect(() => targets.redis("redis://127.0.0.1:1", { maxLength: 5 } as never)).toThrow(
		"redis(): maxLength: unknown option.",
	);
	expect(() => targets.upstash({ url, token: "t", retry: false } as never)).toThrow(
		"upstash(): retry: unknown option.",
	);
	expect(() => targets.upstash(new Redis({ url, token: "t" }) as never)).toThrow(
		"upstash(): client: unknown option. Write upstash(), which reads what Redis.fromEnv() reads",
	);
	expect(() => targets.durableObject({ idFromName: 1 } as never, { maxAge: 1 } as never)).toThrow(
		"durableObject(): maxAge: unknown option.",
	);
});
