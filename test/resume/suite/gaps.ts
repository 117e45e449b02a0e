import { expect, test } from "vitest";
import type { Broker } from "../scene.ts";
import { numbers, Scene } from "../scene.ts";

export function gaps(broker: Broker): void {
	test("a trimmed cursor: the gap comes before anything newer, and onError is told", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub({ history: { maxLength: 3 } });
		const channel = scene.channel();
		const ids = await scene.publish(sse, channel, ...numbers(20));
		const lastEventId = ids[4];
		const client = await scene.open(sse, channel, { lastEventId });
		await scene.publish(sse, channel, 20);
		await client.when(() => client.seen.includes(20), "the newest message");
		const [gap, ...rest] = client.events;
		expect(gap).toEqual({
			event: "sse.gap",
			id: undefined,
			data: JSON.stringify({ channel, lastEventId }),
		});
		expect(rest.map(({ event }) => event)).toEqual(rest.map(() => undefined));
		// The kept messages still come, without a hole.
		const first = Number(client.seen[0]);
		expect(client.seen).toEqual(numbers(21 - first, first));
		expect(first).toBeLessThanOrEqual(17);
		expect(await scene.reports()).toEqual([{ code: "gap", stage: "replay", channel }]);
	});

	test("a client that is disconnected before it has read past the gap is told again", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub({ history: { maxLength: 3 } });
		const channel = scene.channel();
		const [lastEventId = ""] = await scene.publish(sse, channel, ...numbers(20));
		const client = await scene.open(sse, channel, { lastEventId, paused: true });
		// The first comment, and then the gap with what follows it.
		while (!client.text.includes("sse.gap")) await client.readOne();
		const gap = client.text.slice(client.text.indexOf("event:sse.gap"));
		expect(gap.slice(0, gap.indexOf("\n\n"))).not.toContain("\nid:");
		expect(gap).toMatch(/\n\nid:\S+\n\n$/);
		const again = await scene.open(sse, channel, { lastEventId });
		await again.when(() => again.gaps.length === 1, "the gap");
		const cursor = again.when(
			() => again.lastEventId !== lastEventId && again.lastEventId,
			"a cursor after the gap",
		);
		const last = await scene.open(sse, channel, { lastEventId: String(await cursor) });
		await scene.publish(sse, channel, "new");
		expect(await last.sees(1)).toEqual(["new"]);
		expect(last.gaps).toEqual([]);
	});

	test.for([
		["malformed", "nonsense"],
		["from another system", "42"],
		["negative", "-1-0"],
		["not a number", "1e9-0"],
		["a position with more text", "1700000000000-0; DROP"],
		["one of several channels", "1x8kq2f.mb1g5z.mb1g60-1"],
		["far too long", "1".repeat(4_000)],
		["from the past", "1000000000000-0"],
		["from the future", "999999999999999-0"],
		["the greatest possible", "999999999999999-999999999999999"],
	] as const)("a cursor that is %s is a gap", async ([, lastEventId]) => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		await scene.publish(sse, channel, 1);
		const client = await scene.open(sse, channel, { lastEventId });
		await client.when(() => client.gaps.length > 0, "the gap");
		await scene.publish(sse, channel, 2);
		await client.when(() => client.seen.includes(2), "what is new");
		expect(client.gaps).toHaveLength(1);
		expect(client.gaps[0]?.channel).toBe(channel);
		// The page does not get back what cannot be a position.
		if (/^\d{1,15}-\d{1,15}$/.test(lastEventId)) {
			expect(client.gaps[0]?.lastEventId).toBe(lastEventId);
		} else expect(client.gaps[0]).toEqual({ channel });
		expect(client.events[0]?.event).toBe("sse.gap");
		expect(await scene.codes(channel)).toEqual(["gap"]);
		expect(client.lastEventId).toMatch(/^\d+-\d+$/);
	});

	test("a cursor from before the store was wiped is a gap in a new process, too", async () => {
		const scene = new Scene(broker);
		const before = scene.hub();
		const channel = scene.channel();
		const ids = await scene.publish(before, channel, 1, 2);
		await before.close();
		await broker.wipe();
		const after = scene.hub();
		for (const lastEventId of ids) {
			const client = await scene.open(after, channel, { lastEventId });
			await client.when(() => client.gaps.length === 1, "the gap");
			expect(client.gaps).toEqual([{ channel, lastEventId }]);
			await scene.publish(after, channel, "new");
			await client.when(() => client.seen.at(-1) === "new", "what is new");
			client.close();
		}
	});

	test("messages that expired unread are a gap; a client that stayed sees none", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub({ history: { maxAge: 150 } });
		const channel = scene.channel();
		const stayer = await scene.open(sse, channel);
		const [lastEventId = "", newest = ""] = await scene.publish(sse, channel, 1, 2);
		await stayer.sees(2);
		const { history } = sse.connector;
		// The newest as well, which may have been published a while after the other.
		const expired = async () => (await history?.read(channel, newest, 10))?.covered === false;
		while (!(await expired())) await scene.publish(sse, scene.channel("elsewhere"), 0);
		const client = await scene.open(sse, channel, { lastEventId });
		await client.when(() => client.gaps.length === 1, "the gap");
		await scene.publish(sse, channel, 3);
		expect(await client.sees(1)).toEqual([3]);
		expect(await stayer.sees(3)).toEqual([1, 2, 3]);
		expect(stayer.gaps).toEqual([]);
	});
}
