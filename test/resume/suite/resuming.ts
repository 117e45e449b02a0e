import { expect, test } from "vitest";
import { until } from "../../support/wait.ts";
import type { Broker } from "../scene.ts";
import { numbers, Scene } from "../scene.ts";

export function resuming(broker: Broker): void {
	test("Last-Event-ID brings exactly what was missed, in order, and then what is new", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		const ids = await scene.publish(sse, channel, ...numbers(10));
		// Another process serves it.
		const other = scene.other(sse);
		const client = await scene.open(other, channel, { lastEventId: ids[3] });
		expect(await client.sees(6)).toEqual(numbers(6, 4));
		expect(client.events.map(({ id }) => id)).toEqual(ids.slice(4));
		ids.push(...(await scene.publish(sse, channel, 10)));
		expect(await client.sees(7)).toEqual(numbers(7, 4));
		expect(client.lastEventId).toBe(ids[10]);
		expect(client.gaps).toEqual([]);
		expect(await scene.reports()).toEqual([]);
	});

	test("lastEventId in the query does the same; the header wins", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		const [first, second, third = ""] = await scene.publish(sse, channel, 1, 2, 3, 4);
		const query = { lastEventId: third };
		expect(await (await scene.open(sse, channel, { query })).sees(1)).toEqual([4]);
		const both = await scene.open(sse, channel, { query, lastEventId: first });
		expect(await both.sees(3)).toEqual([2, 3, 4]);
		const empty = await scene.open(sse, channel, {
			query: { lastEventId: second ?? "" },
			lastEventId: "",
		});
		expect(await empty.sees(2)).toEqual([3, 4]);
		expect(await scene.reports()).toEqual([]);
	});

	test("messages() continues after lastEventId, over pages, and then live", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		const ids = await scene.publish(sse, channel, ...numbers(130));
		const signal = AbortSignal.timeout(20_000);
		const seen: number[] = [];
		const seenIds: (string | undefined)[] = [];
		for await (const { data, id } of sse.messages(channel, { lastEventId: ids[9] ?? "", signal })) {
			seen.push(Number(data));
			seenIds.push(id);
			// Messages that come while the first ones are read must come after them, once.
			if (seen.length === 1) ids.push(...(await scene.publish(sse, channel, 130, 131)));
			if (seen.length === 122) ids.push(...(await scene.publish(sse, channel, 132)));
			if (seen.length === 123) break;
		}
		expect(seen).toEqual(numbers(123, 10));
		expect(seenIds).toEqual(ids.slice(10));
		expect(await scene.reports()).toEqual([]);
	});

	test("messages() reports a gap as a message of its own type", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub({ history: { maxLength: 2 } });
		const channel = scene.channel();
		const ids = await scene.publish(sse, channel, ...numbers(6));
		for (const [lastEventId, told] of [
			[ids[0] ?? "", ids[0]],
			["nonsense", undefined],
		] as const) {
			const iterator = sse.messages(channel, { lastEventId });
			const { value: gap } = await iterator.next();
			expect(gap).toMatchObject({ type: "sse.gap", id: undefined });
			expect(gap.data).toEqual({ channel, lastEventId: told });
			if (told === undefined) await scene.publish(sse, channel, 6);
			const rest = (await iterator.next()).value.data;
			expect(Number(rest)).toBeGreaterThan(2);
			await iterator.return?.();
		}
		expect(new Set(await scene.codes(channel))).toEqual(new Set(["gap"]));
	});

	test.for(["0", "0-0"])(
		"lastEventId=%s replays all that is kept, and is never a gap",
		async (start) => {
			const scene = new Scene(broker);
			const sse = scene.hub({ history: { maxLength: 5 } });
			const channel = scene.channel();
			// In a channel that was never published to, too.
			const early = await scene.open(sse, channel, { lastEventId: start });
			for (const n of numbers(20)) {
				await scene.publish(sse, channel, n);
				// More than are kept must not come between two polls.
				if (broker.polled) await early.sees(n + 1);
			}
			expect(await early.sees(20)).toEqual(numbers(20));
			const late = await scene.open(sse, channel, { query: { lastEventId: start } });
			await scene.publish(sse, channel, 20);
			await late.when(() => late.seen.includes(20), "the newest message");
			const first = Number(late.seen[0]);
			expect([14, 15]).toContain(first);
			expect(late.seen).toEqual(numbers(21 - first, first));
			expect(late.gaps).toEqual([]);
			expect(await scene.reports()).toEqual([]);
		},
	);

	test("a client that missed nothing gets nothing, and no gap", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub({ history: { maxLength: 3 } });
		const channel = scene.channel();
		const newest = async () => (await scene.publish(sse, channel, "newest"))[0];
		const lastEventId = await newest();
		for (const process of [sse, scene.other(sse)]) {
			const client = await scene.open(process, channel, { lastEventId });
			await client.comment();
			const again = await scene.open(process, channel, { lastEventId });
			expect(again.events).toEqual([]);
		}
		const client = await scene.open(sse, channel, { lastEventId });
		await newest();
		expect(await client.sees(1)).toEqual(["newest"]);
		expect(await scene.reports()).toEqual([]);
	});

	test("a client that opened an empty channel can come back after the first messages", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub({ history: { maxLength: 5 } });
		const channel = scene.channel();
		const first = await scene.open(sse, channel);
		const cursor = await first.placed();
		first.close();
		const other = scene.other(sse);
		await (await scene.open(other, channel)).placed();
		await scene.publish(sse, channel, ...numbers(5));
		// Together with a client from the start: they share a read, at different positions.
		const clients = await Promise.all(
			[cursor, "0", cursor].map((lastEventId) => scene.open(other, channel, { lastEventId })),
		);
		for (const client of clients) {
			expect(await client.sees(5)).toEqual(numbers(5));
			expect(client.gaps).toEqual([]);
		}
		expect(await scene.reports()).toEqual([]);
	});

	test.for([1, 3])(
		"a client that opened %d empty channels misses no message, at any process, and gets no gap",
		async (count) => {
			const scene = new Scene(broker);
			const sse = scene.hub();
			const channels = numbers(count).map(() => scene.channel());
			const first = await scene.open(sse, channels);
			let cursor = await first.placed();
			first.close();
			const other = scene.other(sse);
			// First they come back to nothing, and get a newer position or keep theirs.
			for (const process of [other, sse]) {
				const idle = await scene.open(process, channels, { lastEventId: cursor });
				await idle.comment();
				idle.close();
				cursor = idle.lastEventId ?? cursor;
			}
			const [busy = ""] = channels;
			// Except clients that stay with the channel: they get everything live.
			const stays = await scene.open(sse, channels, { lastEventId: cursor });
			await scene.publish(sse, busy, ...numbers(250));
			const back = await Promise.all(
				[sse, other].map((process) => scene.open(process, channels, { lastEventId: cursor })),
			);
			for (const client of [stays, ...back]) {
				expect(await client.sees(250)).toEqual(numbers(250));
				expect(client.gaps).toEqual([]);
			}
			expect(await scene.reports()).toEqual([]);
		},
	);

	test("exactly at the oldest message that is kept there is no gap, and one before it there is", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub({ history: { maxLength: 5 } });
		const channel = scene.channel();
		const ids = await scene.publish(sse, channel, ...numbers(20));
		const [boundary, before] = await Promise.all(
			[ids[14], ids[13]].map((lastEventId) => scene.open(sse, channel, { lastEventId })),
		);
		expect(await boundary?.sees(5)).toEqual(numbers(5, 15));
		expect(boundary?.gaps).toEqual([]);
		await before?.sees(5);
		expect(before?.gaps).toEqual([{ channel, lastEventId: ids[13] }]);
	});

	test("a replay of many pages, larger than a client's buffer, comes whole", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub({ history: { maxLength: 2_000 }, limits: { bufferedBytes: 20_000 } });
		const channel = scene.channel();
		const [start] = await scene.publish(sse, channel, -1);
		const padding = "x".repeat(200);
		await Promise.all(numbers(1_200).map((n) => sse.publish([n, padding], { channel })));
		const client = await scene.open(sse, channel, { lastEventId: start });
		await client.when(() => client.events.length >= 1_200, "1,200 messages");
		const live = await scene.open(sse, channel, { lastEventId: "0" });
		await live.when(() => live.events.length >= 1_201, "1,201 messages");
		expect(client.events.map(({ data }) => data)).toEqual(
			live.events.slice(1).map(({ data }) => data),
		);
		const seen = client.events.map(({ data }) => JSON.parse(data)[0] as number);
		expect(seen.toSorted((a, b) => a - b)).toEqual(numbers(1_200));
		expect(await scene.reports()).toEqual([]);
	});

	test("clients that come and go while messages flow see each message once", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const other = scene.other(sse);
		const channel = scene.channel();
		const total = 300;
		let published = 0;
		const publishing = (async () => {
			for (const n of numbers(total)) {
				await scene.publish(n % 2 === 0 ? sse : other, channel, n);
				published++;
			}
		})();
		const wander = async (visitor: number) => {
			const seen: unknown[] = [];
			let lastEventId: string | undefined = "0";
			for (let visit = visitor; seen.length < total; visit++) {
				const client = await scene.open(visit % 2 === 0 ? sse : other, channel, { lastEventId });
				const wanted = Math.min(1 + ((visit * 7) % 23), total - seen.length);
				await client.sees(wanted);
				client.close();
				expect(client.gaps).toEqual([]);
				seen.push(...client.seen);
				({ lastEventId } = client);
			}
			return seen;
		};
		const all = await Promise.all(numbers(12).map(wander));
		await publishing;
		for (const seen of all) expect(seen).toEqual(numbers(total));
		expect(published).toBe(total);
		expect(await scene.reports()).toEqual([]);
		await until(() => sse.stats().connections === 0, { what: "everyone to have left" });
	});
}
