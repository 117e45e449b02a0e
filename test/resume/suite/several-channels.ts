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
			// Within a channel there is an order, and between two there is none.
			for (const channel of names) {
				const expected = numbers(order.length).filter((i) => i >= n && order[i] === channel);
				expect(back.seen.filter((i) => order[Number(i)] === channel)).toEqual(expected);
			}
			expect(back.seen).toHaveLength(order.length - n);
			// They can continue from wherever they are cut off.
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
			expect(cursor.length).toBeLessThanOrEqual(14 * 32);
			expect(cursor).toMatch(/^[0-9A-Za-z.~-]+$/);
		}
	});

	test("a cursor of another list is used as far as it goes: order is ignored, a new channel begins live", async () => {
		const { scene, sse, names } = setUp();
		const [a, b, c] = names;
		const d = scene.channel("d");
		await scene.publish(sse, d, "old");
		const live = await scene.open(sse, names);
		await scene.publish(sse, a, "seen");
		await live.sees(1);
		const { lastEventId } = live;
		live.close();
		await scene.publish(sse, a, "missed");
		for (const process of [sse, scene.other(sse)]) {
			for (const list of [[c, b, a], [a, b], [a, d], [d, c, a, b, a], [a]]) {
				const client = await scene.open(process, list, { lastEventId });
				expect(await client.sees(1)).toEqual(["missed"]);
				// The cursor names the new channel from the beginning: no later message can be missed.
				client.close();
				const newest = list.at(0) ?? a;
				await scene.publish(sse, newest, "new");
				const back = await scene.open(process, list, { lastEventId: client.lastEventId });
				expect(await back.sees(1)).toEqual(["new"]);
				expect([...client.gaps, ...back.gaps]).toEqual([]);
				back.close();
				if (newest === a) return;
			}
		}
		expect(await scene.reports()).toEqual([]);
	});

	test("a client that is disconnected right after it joined a channel misses nothing of it", async () => {
		const { scene, sse, names } = setUp();
		const [a, b, c] = names;
		const first = await scene.open(sse, [a, b]);
		const cursor = await first.placed();
		first.close();
		const joined = await scene.open(sse, names, { lastEventId: cursor });
		const moved = () => joined.lastEventId !== cursor && joined.lastEventId;
		const lastEventId = String(await joined.when(moved, "a cursor that names the third channel"));
		joined.close();
		await scene.publish(sse, c, 1, 2);
		const back = await scene.open(scene.other(sse), [c, a], { lastEventId });
		expect(await back.sees(2)).toEqual([1, 2]);
		expect(back.gaps).toEqual([]);
		expect(await scene.reports()).toEqual([]);
	});

	test("a truncated, changed, or single-channel cursor is a gap in each channel, and then all is well", async () => {
		const { scene, sse, names } = setUp();
		const [a] = names;
		const live = await scene.open(sse, names);
		const [position = ""] = await scene.publish(sse, a, "seen");
		await live.sees(1);
		const cursor = String(live.lastEventId);
		for (const lastEventId of [cursor.slice(0, -1), `${cursor}0`, `x${cursor}`, position]) {
			const client = await scene.open(sse, names, { lastEventId });
			await client.when(() => client.gaps.length === names.length, "a gap for each channel");
			expect(new Set(client.gaps.map(({ channel }) => channel))).toEqual(new Set(names));
			const moved = () => client.lastEventId !== lastEventId && client.lastEventId;
			const given = String(await client.when(moved, "a cursor after the gaps"));
			await scene.publish(sse, a, "new");
			expect(await client.sees(1)).toEqual(["new"]);
			client.close();
			const back = await scene.open(sse, names, { lastEventId: given });
			expect(await back.sees(1)).toEqual(["new"]);
			expect(back.gaps).toEqual([]);
		}
	});

	test("a gap in one channel is reported for that one, and the others continue without", async () => {
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
		// Before anything newer of its channel. Between two channels there is no order.
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
