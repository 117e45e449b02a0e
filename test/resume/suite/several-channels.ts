import { expect, test } from "vitest";
import type { Broker } from "../scene.ts";
import { numbers, Scene } from "../scene.ts";

export function severalChannels(broker: Broker): void {
	const setUp = () => {
		const scene = new Scene(broker);
		const sse = scene.hub({ history: { maxLength: 50 } });
		return { scene, sse, names: ["a", "b", "c"].map((name) => scene.channel(name)) as Names };
	};
	type Names = [string, string, string];

	test("each event's id stands for the position in every channel", async () => {
		const { scene, sse, names } = setUp();
		const [a, b, c] = names;
		const live = await scene.open(sse, names);
		const cursors = [await live.placed()];
		const order = [a, b, b, c, a, c, b];
		for (const [n, channel] of order.entries()) {
			await scene.publish(sse, channel, n);
			await live.sees(n + 1);
			cursors.push(live.events[n]?.id ?? "");
		}
		expect(new Set(cursors).size).toBe(order.length + 1);
		const other = scene.other(sse);
		for (const [n, lastEventId] of cursors.entries()) {
			const back = await scene.open(other, names, { lastEventId });
			await back.sees(order.length - n);
			// Within a channel there is an order; between two there is none.
			for (const channel of names) {
				const expected = numbers(order.length).filter((i) => i >= n && order[i] === channel);
				expect(back.seen.filter((i) => order[Number(i)] === channel)).toEqual(expected);
			}
			expect(back.seen).toHaveLength(order.length - n);
			// Wherever they are cut, they can go on from there.
			for (const [i, { id }] of back.events.entries()) {
				const rest = await scene.open(other, names, { lastEventId: id });
				await rest.sees(back.events.length - i - 1);
				expect(rest.seen.toSorted()).toEqual(back.seen.slice(i + 1).toSorted());
				rest.close();
			}
			expect(back.gaps).toEqual([]);
			back.close();
		}
		expect(await scene.reports()).toEqual([]);
	});

	test("the cursor is compact, and fits any header at 32 channels", async () => {
		const { scene, sse } = setUp();
		const names = numbers(32).map((n) => scene.channel(`n${n}`));
		const client = await scene.open(sse, names);
		const opened = await client.placed();
		await scene.publish(sse, names[31] ?? "", 1);
		await client.sees(1);
		for (const cursor of [opened, client.lastEventId ?? ""]) {
			expect(cursor.length).toBeLessThan(12 * 32 + 10);
			expect(cursor).toMatch(/^[0-9a-z.~-]+$/);
		}
	});

	test("it belongs to its list of channels, in the order of the URL: any other is a gap in each", async () => {
		const { scene, sse, names } = setUp();
		const [a, b, c] = names;
		const live = await scene.open(sse, names);
		await scene.publish(sse, a, 1);
		await live.sees(1);
		const lastEventId = live.lastEventId;
		for (const list of [[c, b, a], [a, b], [a, b, scene.channel("d")], [a]]) {
			const client = await scene.open(sse, list, { lastEventId });
			await client.when(() => client.gaps.length === list.length, "a gap for each channel");
			expect(client.gaps).toEqual(list.map((channel) => ({ channel })));
			// And from then on, all is well.
			const moved = () => client.lastEventId !== lastEventId && client.lastEventId;
			const cursor = String(await client.when(moved, "a cursor after the gaps"));
			await scene.publish(sse, a, "new");
			expect(await client.sees(1)).toEqual(["new"]);
			client.close();
			const back = await scene.open(sse, list, { lastEventId: cursor });
			expect(await back.sees(1)).toEqual(["new"]);
			expect(back.gaps).toEqual([]);
		}
		// The same list with a channel named twice is the same list.
		const same = await scene.open(sse, [a, b, a, c], { lastEventId });
		await same.sees(1);
		expect(same.gaps).toEqual([]);
	});

	test("a gap in one channel is told of that one, and the others go on without", async () => {
		const { scene, sse, names } = setUp();
		const [a, b, c] = names;
		const live = await scene.open(sse, names);
		const [first] = await scene.publish(sse, a, "seen");
		await live.sees(1);
		const lastEventId = live.lastEventId;
		live.close();
		await scene.publish(sse, b, "b1", "b2");
		await scene.publish(sse, a, ...numbers(60));
		const back = await scene.open(sse, names, { lastEventId });
		await back.when(() => back.seen.includes(59) && back.seen.includes("b2"), "the newest");
		expect(back.gaps).toEqual([{ channel: a, lastEventId: first }]);
		// Before anything newer of its channel; between two channels there is no order.
		const ofOthers = ['"b1"', '"b2"'];
		const [told] = back.events.filter(({ data }) => !ofOthers.includes(data));
		expect(told?.event).toBe("sse.gap");
		expect(back.seen.filter((each) => typeof each === "string")).toEqual(["b1", "b2"]);
		await scene.publish(sse, c, "c1");
		await back.when(() => back.seen.includes("c1"), "the third channel");
		expect(await scene.codes(a)).toEqual(["gap"]);
		expect([...(await scene.codes(b)), ...(await scene.codes(c))]).toEqual([]);
	});
}
