import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { keysOf } from "../../src/connectors/shared/redis-slot.ts";
import type { OutgoingMessage } from "../../src/core/connector.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

let server: RedisServer;
beforeAll(async () => {
	server = await startRedis({
		users: ["deaf on >secret ~* &* +@all -publish", "hoarder on >secret ~* &* +@all -pexpire"],
	});
});
afterAll(() => server.stop());

const text = '{"data":1}';

async function publishAll(user: string, ...messages: OutgoingMessage[]) {
	const { port, url } = server;
	const target = user === "" ? url : `redis://${user}:secret@127.0.0.1:${port}`;
	const connector = redis(target, { history: {}, timeout: 10_000 });
	onTestFinished(() => connector.close());
	return (await connector.publishAll?.(messages)) ?? [];
}

/** How many messages the channel's stream holds, without its first entry. */
async function stored(channel: string): Promise<number> {
	const length = Number(await server.command("XLEN", keysOf(channel).stream));
	return Math.max(0, length - 1);
}

test.each(["names", "ids", "stream"] as const)(
	"a foreign string in place of a channel's %s is an error of that channel's messages alone",
	async (place) => {
		const [channel, other] = [`foreign ${place}`, `other ${place}`];
		const key = keysOf(channel)[place];
		await server.command("SET", key, "not ours");
		const outcomes = await publishAll(
			"",
			{ channel: other, payload: text },
			{ channel, payload: text, key: "order 7" },
			{ channel: other, payload: text, key: "order 7" },
		);
		const done = { receivers: 0, id: expect.stringMatching(/^\d+-\d+$/) };
		const error = expect.objectContaining({
			code: "refused",
			message: expect.stringContaining(`The key ${JSON.stringify(key)} is in use`),
		});
		expect(outcomes).toEqual([done, { error }, done]);
		expect(await stored(other)).toBe(2);
		expect(await server.command("GET", key)).toBe("not ours");
	},
);

test("within one channel too: messages before the foreign key are stored and confirmed", async () => {
	const channel = "one";
	await server.command("SET", keysOf(channel).names, "not ours");
	const outcomes = await publishAll(
		"",
		{ channel, payload: text },
		{ channel, payload: text, key: "order 7" },
		{ channel, payload: text },
	);
	expect(outcomes.map((outcome) => "error" in outcome)).toEqual([false, true, false]);
	expect(await stored(channel)).toBe(2);
});

test("a publisher without permission gets an error for each message, and may retry with its key", async () => {
	const channel = "deaf";
	const messages = [
		{ channel, payload: text, key: "order 7" },
		{ channel, payload: text },
	];
	const outcomes = await publishAll("deaf", ...messages);
	const error = expect.objectContaining({ message: expect.stringContaining("(PUBLISH)") });
	expect(outcomes).toEqual([{ error }, { error }]);
	expect(await stored(channel)).toBe(2);
	const [again] = await publishAll("deaf", { channel, payload: text, key: "order 7" });
	expect(again).toEqual({ receivers: 0, id: expect.any(String) });
});

test("a stream that cannot be bounded in time is an error of its last message", async () => {
	const [channel, next] = ["hoarder", "hoarder 2"];
	const messages = [channel, channel, next].map((each) => ({ channel: each, payload: text }));
	const outcomes = await publishAll("hoarder", ...messages);
	expect(outcomes.map((outcome) => "error" in outcome)).toEqual([false, true, true]);
	expect([await stored(channel), await stored(next)]).toEqual([2, 1]);
});

test("a full server stores nothing, and says so for each message to be kept", async () => {
	await server.command("CONFIG", "SET", "maxmemory", "1");
	onTestFinished(async () => {
		await server.command("CONFIG", "SET", "maxmemory", "0");
	});
	const channel = "full";
	const outcomes = await publishAll(
		"",
		{ channel, payload: text, keep: false },
		{ channel, payload: text },
	);
	expect(outcomes[0]).toEqual({ receivers: 0 });
	expect(outcomes[1]).toMatchObject({ error: { code: "unavailable" } });
	expect(await server.command("EXISTS", keysOf(channel).stream)).toBe(0);
});
