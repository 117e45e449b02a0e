import { describe, expect, test } from "vitest";
import { until } from "../support/wait.ts";
import { type Broker, numbers, Scene } from "./scene.ts";
import { comeAndGo } from "./suite/reading.ts";

export interface Control {
	/** The broker is killed, and what it keeps on disk is gone. */
	stop(): Promise<void>;
	start(): Promise<void>;
	/** Breaks the subscriptions, and nothing else. */
	kick(): Promise<void>;
}

/** What the clients of a process may rely on when it loses its broker. */
export function upstreamLoss(name: string, broker: Broker, control: Control): void {
	describe(`upstream loss: ${name}`, () => {
		test("a subscription breaks: what was published meanwhile comes once and in order", async () => {
			const scene = new Scene(broker);
			const sse = scene.hub();
			const publisher = scene.hub();
			const [a, b] = [scene.channel("a"), scene.channel("b")];
			const clients = await Promise.all([[a], [b], [a, b]].map((names) => scene.open(sse, names)));
			for (const client of clients) await client.placed();
			for (let round = 0; round < 5; round++) {
				await control.kick();
				for (const n of numbers(20, round * 20)) {
					await scene.publish(publisher, a, n);
					await scene.publish(publisher, b, -n - 1);
				}
			}
			for (const [i, client] of clients.entries()) {
				await client.sees(i === 2 ? 200 : 100);
				const [mine, others] = [
					client.seen.map(Number).filter((n) => n >= 0),
					client.seen.map(Number).filter((n) => n < 0),
				];
				if (i !== 1) expect(mine).toEqual(numbers(100));
				if (i !== 0) expect(others).toEqual(numbers(100).map((n) => -n - 1));
				expect(client.gaps).toEqual([]);
			}
			expect((await scene.reports()).filter(({ code }) => code === "gap")).toEqual([]);
		});

		test(
			"32 channels, joined and left one by one, while the broker is killed",
			{
				timeout: 90_000,
			},
			() =>
				comeAndGo(broker, async () => {
					await control.stop();
					await control.start();
				}),
		);

		test("a subscription breaks: batches and publishes without await come once and in order", async () => {
			const scene = new Scene(broker);
			const sse = scene.hub();
			const publisher = scene.hub();
			const [a, b] = [scene.channel("a"), scene.channel("b")];
			const client = await scene.open(sse, [a, b]);
			await client.placed();
			for (let round = 0; round < 5; round++) {
				const sent = numbers(20, round * 20);
				const all = publisher.publishAll(
					sent.flatMap((data) => [
						{ data, channel: a },
						{ data: -data - 1, channel: b },
					]),
				);
				const single = [publisher.publish(-1_000 - round, { channel: [a, b] })];
				await control.kick();
				for (const { error } of [...(await all), ...(await Promise.all(single)).flat()]) {
					expect(error).toBeUndefined();
				}
			}
			await client.sees(210);
			const inOrder = numbers(5).flatMap((round) => [...numbers(20, round * 20), -1_000 - round]);
			expect(client.seen.filter((n) => Number(n) >= 0)).toEqual(numbers(100));
			expect(client.seen.filter((n) => -1_000 < Number(n) && Number(n) < 0)).toEqual(
				numbers(100).map((n) => -n - 1),
			);
			for (const channel of [a, b]) {
				const back = await scene.open(sse, channel, { lastEventId: "0" });
				const data = channel === a ? inOrder : inOrder.map((n) => (n < 0 ? n : -n - 1));
				expect(await back.sees(105)).toEqual(data);
			}
			expect(client.gaps).toEqual([]);
		});

		test("a key: a publish that is retried while the broker restarts is stored once", async () => {
			const scene = new Scene(broker);
			const sse = scene.hub();
			const publisher = scene.hub();
			const channel = scene.channel();
			const client = await scene.open(sse, channel);
			await client.placed();
			const ids: string[] = [];
			const insist = async (n: number) => {
				const once = async () =>
					(await publisher.publish(n, { channel, key: `number ${n}` }).catch(() => ({ id: "" })))
						.id;
				ids.push(await until(once, { what: `publish ${n}` }));
			};
			await insist(0);
			// In the middle of a publish, so that its answer may be lost with the broker.
			const publishing = insist(1);
			await control.stop();
			await control.start();
			await publishing;
			for (const n of [0, 1, 2]) await insist(n);
			expect(await client.sees(3)).toEqual(numbers(3));
			expect(client.events.map(({ id }) => id)).toEqual([ids[0], ids[1], ids[4]]);
			expect(ids.slice(2, 4)).toEqual(ids.slice(0, 2));
			expect(client.gaps).toEqual([]);
		});

		test("a broker is down and comes back with its data: nothing lost, nothing doubled", async () => {
			const scene = new Scene(broker);
			const sse = scene.hub();
			const publisher = scene.hub();
			const channel = scene.channel();
			const client = await scene.open(sse, channel);
			await client.placed();
			await scene.publish(publisher, channel, 0, 1);
			await client.sees(2);
			await control.stop();
			await until(async () => (await scene.codes(channel)).includes("unavailable"), {
				what: "the loss",
			});
			await control.start();
			const once = async () => {
				try {
					return await scene.publish(publisher, channel, 2);
				} catch {
					return undefined; // not back yet
				}
			};
			await until(once, { what: "a publish" });
			await scene.publish(publisher, channel, 3);
			expect(await client.sees(4)).toEqual(numbers(4));
			expect(client.gaps).toEqual([]);
		});

		test("a broker comes back empty: clients of channels with messages get a gap", async () => {
			const scene = new Scene(broker);
			const sse = scene.hub();
			const publisher = scene.hub();
			const names = [scene.channel("a"), scene.channel("b")];
			const [a = "", b = ""] = names;
			const client = await scene.open(sse, names);
			await client.placed();
			const [lastEventId] = await scene.publish(publisher, a, 1);
			await client.sees(1);
			await broker.wipe();
			await control.kick();
			await client.when(() => client.gaps.length > 0, "the gap");
			expect(client.gaps).toEqual([{ channel: a, lastEventId }]);
			await scene.publish(publisher, b, 2);
			expect(await client.sees(2)).toEqual([1, 2]);
			expect(await scene.codes(a)).toContain("gap");
			// And it can come back from there.
			client.close();
			await scene.publish(publisher, a, 3);
			const back = await scene.open(sse, names, { lastEventId: client.lastEventId });
			expect(await back.sees(1)).toEqual([3]);
			expect(back.gaps).toEqual([]);
		});
	});
}
