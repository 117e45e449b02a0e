import { expect, test, vi } from "vitest";
import type { MessageFilter } from "../../../../src/core/delivery/selection.ts";
import { Message } from "../../../../src/core/message/message.ts";
import type { StreamOptions } from "../../../../src/core/stream-options.ts";
import type { Client } from "../../../resume/client.ts";
import { read, request, type Scene, scene, told } from "./kit.ts";

async function stream(it: Scene, options: StreamOptions, lastEventId?: string): Promise<Client> {
	const headers: Record<string, string> = lastEventId ? { "last-event-id": lastEventId } : {};
	return read(await it.sse.stream(request("channel=a", { headers }), options));
}

test("a client with `types` gets no others, and `message` means events without a type", async () => {
	const it = scene();
	const client = await stream(it, { types: ["a", "message"] });
	for (const [n, type] of ["a", "b", undefined, "a"].entries()) {
		await it.sse.publish(n, { channel: "a", ...(type && { type }) });
	}
	expect(await client.sees(3)).toEqual([0, 2, 3]);
});

test("a filter is called once per message for all clients with the same function or key", async () => {
	const it = scene({ history: {} });
	const even: MessageFilter = vi.fn(({ data }: Message) => Number(data) % 2 === 0);
	const made = (key: string) =>
		Object.assign(
			vi.fn(() => true),
			{ key },
		);
	const keyed = [made("all"), made("all")];
	const clients = await Promise.all([
		...Array.from({ length: 5 }, () => stream(it, { filter: even })),
		...keyed.map((filter) => stream(it, { filter })),
	]);
	for (const n of [0, 1, 2]) await it.sse.publish(n, { channel: "a" });
	for (const client of clients.slice(0, 5)) expect(await client.sees(2)).toEqual([0, 2]);
	for (const client of clients.slice(5)) expect(await client.sees(3)).toEqual([0, 1, 2]);
	expect(even).toHaveBeenCalledTimes(3);
	expect(keyed.map((filter) => filter.mock.calls.length)).toEqual([3, 0]);
});

test.for([
	[
		"throws",
		(): boolean => {
			throw new Error("oops");
		},
		"hook: oops",
	],
	[
		"returns a promise",
		async (): Promise<boolean> => true,
		"hook: filter: must return true or false, and no promise.",
	],
] as const)("a filter that %s drops the message, and is reported", async ([, filter, report]) => {
	const it = scene({ history: {} });
	const client = await stream(it, { filter: filter as never });
	const other = await stream(it, {});
	await it.sse.publish(1, { channel: "a" });
	expect(await other.sees(1)).toEqual([1]);
	expect(client.seen).toEqual([]);
	expect(told(it)).toEqual([report]);
});

test("types and filter apply to JSON, also while waiting, and the cursor moves past skipped messages", async () => {
	const it = scene({ history: {} });
	const options = { types: ["wanted"], filter: ({ data }: Message) => Number(data) % 2 === 0 };
	const json = async (query: string) => {
		const asking = request(`channel=a&${query}`, { headers: { accept: "application/json" } });
		const answer = await (await it.sse.stream(asking, options)).json();
		const { messages, lastEventId } = answer as { messages: Message[]; lastEventId: string };
		return { data: messages.map(({ data }) => data), lastEventId };
	};
	const publish = (n: number, type = "wanted", keep = true) =>
		it.sse.publish(n, { channel: "a", type, keep });
	for (const n of [0, 1, 2, 3]) await publish(n);
	const { id } = await publish(4, "other");
	expect(await json("lastEventId=0")).toEqual({ data: [0, 2], lastEventId: id });
	const waiting = json(`lastEventId=${id}&wait=20`);
	await expect.poll(() => it.calls).toContain("head a");
	for (const keep of [true, false]) await publish(5, "wanted", keep);
	await new Promise(setImmediate);
	const last = await publish(6);
	expect(await waiting).toEqual({ data: [6], lastEventId: last.id });
});

test("skipped messages move the cursor, with at most one id for each keep-alive", async () => {
	const it = scene({ history: {}, keepAlive: 60 });
	const client = await stream(it, { types: ["wanted"] });
	const begin = await client.placed();
	let last: string | undefined;
	for (let n = 0; n < 50; n++) last = (await it.sse.publish(n, { channel: "a" })).id;
	await client.when(() => client.lastEventId === last, "the cursor of the newest message");
	// The same again for later skipped messages.
	last = (await it.sse.publish("later", { channel: "a" })).id;
	await client.when(() => client.lastEventId === last, "the cursor of a later message");
	expect(client.events).toEqual([]);
	// From the new id the client misses nothing; from the old one the messages are skipped again.
	for (const from of [begin, last]) {
		const back: Client = await stream(it, { types: ["wanted"] }, from);
		await back.when(() => back.lastEventId === last || from === last, "its cursor");
		await it.sse.publish("w", { channel: "a", type: "wanted" });
		await back.when(() => back.events.length === 1, "what it wants");
		expect(back.gaps).toEqual([]);
		last = back.lastEventId;
	}
});

test("messages skipped right after one that was sent move the cursor, too", async () => {
	const it = scene({ history: {}, keepAlive: 60 });
	const client = await stream(it, { types: ["wanted"] });
	await client.placed();
	const both = ["wanted", "other"].map((type) => it.sse.publish(0, { channel: "a", type }));
	const [, last] = await Promise.all(both);
	await client.when(() => client.lastEventId === last?.id, "the cursor of the newest message");
	expect(client.events).toHaveLength(1);
});

test("`first` comes before new messages, and only for a client without a cursor", async () => {
	const it = scene({ history: {} });
	await it.sse.publish(0, { channel: "a" });
	const snapshot = [new Message([1, 2], { type: "snapshot" })];
	const client = await stream(it, { first: snapshot });
	const cursor = await client.placed();
	await it.sse.publish(1, { channel: "a" });
	await client.sees(2);
	expect(client.events.map(({ event, data }) => event ?? data)).toEqual(["snapshot", "1"]);
	const back = await stream(it, { first: snapshot }, cursor);
	expect(await back.sees(1)).toEqual([1]);
});

test("a message published while `first` is computed follows it", async () => {
	const it = scene({ history: {} });
	const asked: (string | undefined)[] = [];
	const client = await stream(it, {
		first: async ({ lastEventId }) => {
			asked.push(lastEventId);
			await it.sse.publish(1, { channel: "a" });
			return [new Message("state", { type: "snapshot" })];
		},
	});
	await client.when(() => client.events.length === 2, "both");
	expect(client.events.map(({ data }) => data)).toEqual(["state", "1"]);
	expect(asked).toEqual([undefined]);
});

test("when `first` fails the client is told to reconnect, and its channels are released", async () => {
	const it = scene({ linger: 0 });
	const response = await it.sse.stream(request("channel=a"), {
		first: () => {
			throw new Error("no state");
		},
	});
	expect(await response.text()).toMatch(/retry:\d+/);
	expect(told(it)).toEqual(["hook: no state"]);
	expect(it.sse.stats()).toMatchObject({ connections: 0, channels: 0, refusedStreams: 1 });
});

test.for([
	["types", { types: "a" }],
	["types", { types: [""] }],
	["filter", { filter: "a" }],
	["first", { first: ["a"] }],
] as const)("a wrong %s is a TypeError that names it", async ([name, options]) => {
	const asked = scene().sse.stream(request("channel=a"), options as never);
	await expect(asked).rejects.toThrow(`Cannot stream. ${name}: must be `);
});
