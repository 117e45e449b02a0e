import { expect, test } from "vitest";
import { Client } from "../../../resume/client.ts";
import { scene } from "./kit.ts";

test.for([[["a"]], [["a", "b"]]])(
	"with `recent` a client of empty %j can resume without a gap",
	async ([channels = []]) => {
		const it = scene({ history: {} });
		const client = await Client.open(it.sse, channels, { recent: 1 });
		const lastEventId = await client.placed();
		client.close();
		for (const n of [1, 2, 3]) await it.sse.publish(n, { channel: "a" });
		const back = await Client.open(it.sse, channels, { recent: 1, lastEventId });
		expect(await back.sees(3)).toEqual([1, 2, 3]);
		expect(back.gaps).toEqual([]);
		back.close();
	},
);

test("a client with `recent` gets the latest messages, and can resume after them", async () => {
	const it = scene({ history: {} });
	for (const n of [1, 2, 3]) await it.sse.publish(n, { channel: "a" });
	const client = await Client.open(it.sse, ["a"], { recent: 2 });
	expect(await client.sees(2)).toEqual([2, 3]);
	const back = await Client.open(it.sse, ["a"], { lastEventId: client.lastEventId });
	await it.sse.publish(4, { channel: "a" });
	expect(await back.sees(1)).toEqual([4]);
	client.close();
	back.close();
});

test("without history `recent` has no effect", async () => {
	const it = scene();
	const client = await Client.open(it.sse, ["a"], { recent: 2 });
	await it.sse.publish(1, { channel: "a" });
	expect(await client.sees(1)).toEqual([1]);
	expect([client.lastEventId, it.sse.stats().replays]).toEqual([undefined, 0]);
	client.close();
});
