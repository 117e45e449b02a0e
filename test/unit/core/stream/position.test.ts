import { expect, test } from "vitest";
import { Client } from "../../../resume/client.ts";
import { scene } from "./kit.ts";

test("a stream that begins at position() gets all later messages, of one channel or several", async () => {
	const it = scene({ history: {} });
	await it.sse.publish(0, { channel: "a" });
	const one = await it.sse.position("a");
	const both = await it.sse.position(["b", "a"]);
	for (const [n, channel] of ["a", "b", "a"].entries()) await it.sse.publish(n + 1, { channel });
	const client = await Client.open(it.sse, ["a"], { lastEventId: one });
	expect(await client.sees(2)).toEqual([1, 3]);
	const other = await Client.open(it.sse, ["a", "b"], { lastEventId: both });
	expect((await other.sees(3)).toSorted()).toEqual([1, 2, 3]);
	expect([client.gaps, other.gaps]).toEqual([[], []]);
	client.close();
	other.close();
});

test("history() returns the newest messages, or those after or before an id", async () => {
	const it = scene({ history: { maxLength: 700 } });
	for (let n = 0; n < 1_000; n++) await it.sse.publish(n, { channel: "a" });
	const data = async (query?: object) =>
		(await it.sse.history("a", query)).messages.map((message) => message.data);
	expect(await data()).toEqual(Array.from({ length: 100 }, (_, n) => 900 + n));
	const newest = await it.sse.history("a", { limit: 2 });
	expect(newest).toMatchObject({ gap: false, lastEventId: newest.messages[1]?.id });
	expect(await data({ limit: 2, before: newest.messages[0]?.id })).toEqual([996, 997]);
	const oldest = await it.sse.history("a", { after: "0", limit: 500 });
	expect(oldest.messages).toHaveLength(500);
	const [begin] = oldest.messages;
	const from = Number(begin?.data);
	expect(await data({ after: begin?.id, limit: 3 })).toEqual([from + 1, from + 2, from + 3]);
	expect(await data({ after: oldest.lastEventId, limit: 500 })).toHaveLength(1_000 - from - 500);
	const until = oldest.messages[3]?.id;
	expect(await data({ after: begin?.id, before: until })).toEqual([from + 1, from + 2]);
	expect((await it.sse.history("a", { after: "1-1" })).gap).toBe(true);
	expect(await it.sse.history("nothing")).toMatchObject({ messages: [], gap: false });
});

test.for([
	["limit", { limit: 0 }],
	["limit", { limit: 501 }],
	["after", { after: "yesterday" }],
	["before", { before: 7 as never }],
] as const)("history() refuses a wrong %s", async ([field, query]) => {
	await expect(scene({ history: {} }).sse.history("a", query)).rejects.toThrow(
		`Cannot read. ${field}: `,
	);
});

test("position() and history() are refused without a history and for channels that are not allowed", async () => {
	const plain = scene();
	await expect(plain.sse.position("a")).rejects.toThrow("The connector keeps no messages");
	await expect(plain.sse.history("a")).rejects.toThrow("The connector keeps no messages");
	const { sse } = scene({ history: {}, channels: { allowed: ["a"] } });
	await expect(sse.position("b")).rejects.toThrow(
		"Cannot read. channel: is not one of channels.allowed.",
	);
	await expect(sse.position([])).rejects.toThrow("at least one");
});
