import { expect, test } from "vitest";
import type { Broker } from "../scene.ts";
import { numbers, Scene } from "../scene.ts";

export function starting(broker: Broker): void {
	test("a new client begins with what is new, and has an id to come back with at once", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		const ids = await scene.publish(sse, channel, 1, 2);
		const client = await scene.open(sse, channel);
		expect(await client.placed()).toBe(ids[1]);
		expect(client.events).toEqual([]);
		client.close();
		await scene.publish(sse, channel, 3);
		const back = await scene.open(sse, channel, { lastEventId: client.lastEventId });
		expect(await back.sees(1)).toEqual([3]);
	});

	test("with `recent` it begins with that many of the newest messages of each channel", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const [a, b] = [scene.channel("a"), scene.channel("b")];
		await scene.publish(sse, a, ...numbers(10));
		await scene.publish(sse, b, 100);
		for (const process of [sse, scene.other(sse)]) {
			for (const [recent, seen] of [
				[1, [9]],
				[3, [7, 8, 9]],
				[10, numbers(10)],
				[500, numbers(10)],
			] as const) {
				const client = await scene.open(process, a, { recent });
				expect(await client.sees(seen.length)).toEqual(seen);
			}
			const both = await scene.open(process, [a, b], { recent: 2 });
			expect((await both.sees(3)).toSorted()).toEqual([100, 8, 9]);
			const none = await scene.open(process, a, { recent: 0 });
			await none.placed();
			expect(none.events).toEqual([]);
		}
		expect(await scene.reports()).toEqual([]);
	});

	test("`recent` is for new clients: one that comes back gets what it missed; then both are live", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		const ids = await scene.publish(sse, channel, ...numbers(5));
		const fresh = await scene.open(sse, channel, { recent: 3 });
		const back = await scene.open(sse, channel, { recent: 3, lastEventId: ids[3] });
		await scene.publish(sse, channel, 5);
		expect(await fresh.sees(4)).toEqual([2, 3, 4, 5]);
		expect(await back.sees(2)).toEqual([4, 5]);
		const waiting = await scene.open(sse, scene.channel("empty"), { recent: 3 });
		await scene.publish(sse, scene.channel("empty"), 1);
		expect(await waiting.sees(1)).toEqual([1]);
		expect(await scene.reports()).toEqual([]);
	});

	test("`recent` must be a whole number", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		for (const recent of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
			await expect(sse.stream(new Request("http://hub.test/"), { recent })).rejects.toThrow(
				/recent/,
			);
		}
	});
}
