import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { ServerSentEvents } from "../../../src/core/sse.ts";
import { until } from "../../support/wait.ts";
import type { Broker } from "../scene.ts";
import { numbers, Scene } from "../scene.ts";

const padding = "x".repeat(1_000);

export function slowClients(broker: Broker): void {
	test("a client at its limit gets no more, and gets exactly what it missed when it reads", async () => {
		const scene = new Scene(broker);
		const limit = 20_000;
		const sse = scene.hub({ limits: { bufferedBytes: limit } });
		const channel = scene.channel();
		const quick = await scene.open(sse, channel);
		const slow = await scene.open(sse, channel, { paused: true });
		const count = 300;
		const publish = (from: number) => publishInTurns(sse, channel, numbers(count, from));
		await publish(0);
		await quick.when(() => quick.events.length === count, "what others see of it");
		expect(slow.state).toBe("open");
		slow.resume();
		// More comes while it catches up.
		await publish(count);
		await slow.when(() => slow.events.length >= 2 * count, "everything");
		const seen = (client: typeof slow) => client.events.map(({ data }) => JSON.parse(data)[0]);
		expect(seen(slow)).toEqual(numbers(2 * count));
		expect(slow.events.map(({ id }) => id)).toEqual(quick.events.map(({ id }) => id));
		expect(seen(quick)).toEqual(numbers(2 * count));
		expect(await scene.reports()).toEqual([]);
		// It is live again, and gets the same bytes as the others.
		await scene.publish(sse, channel, "live");
		await slow.when(() => slow.seen.at(-1) === "live", "the live message");
		await quick.when(() => quick.seen.at(-1) === "live", "the live message");
		expect(slow.chunks.at(-1)).toBe(quick.chunks.at(-1));
	});

	test("what is buffered for a client that does not read stays bounded, and others are not affected", async () => {
		const scene = new Scene(broker);
		const limit = 20_000;
		const sse = scene.hub({ limits: { bufferedBytes: limit } });
		const channel = scene.channel();
		const quick = await scene.open(sse, channel);
		const slow = await Promise.all(
			numbers(20).map(() => scene.open(sse, channel, { paused: true })),
		);
		const count = 400;
		await publishInTurns(sse, channel, numbers(count));
		await quick.when(() => quick.events.length === count, "everything");
		expect(sse.stats().connections).toBe(21);
		// Reads what the stream has buffered without giving the hub a chance to add to it.
		for (const client of slow) {
			let waiting = 0;
			const before = client.chunks.length;
			while (waiting < 1_000_000) {
				const more = await Promise.race([client.readOne().then(() => true), nextTurn(false)]);
				if (!more) break;
				waiting = client.chunks.slice(before).reduce((sum, chunk) => sum + chunk.byteLength, 0);
				if (waiting > limit) break;
			}
			// The limit, and what came in one turn on top of it.
			expect(waiting).toBeLessThan(limit + 5_000);
		}
		expect(await scene.reports()).toEqual([]);
	});

	test("a client that pauses for longer than the history lasts gets the gap when it reads", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub({ limits: { bufferedBytes: 5_000 }, history: { maxLength: 20 } });
		const channel = scene.channel();
		const slow = await scene.open(sse, channel, { paused: true });
		await publishInTurns(sse, channel, numbers(100));
		slow.resume();
		await slow.when(() => slow.text.includes("[99,"), "the newest message");
		expect(slow.gaps).toHaveLength(1);
		const seen = slow.events.map(({ event, data }) =>
			event === "sse.gap" ? "gap" : Number(JSON.parse(data)[0]),
		);
		const gap = seen.indexOf("gap");
		expect(seen.slice(0, gap)).toEqual(numbers(gap));
		const resumed = Number(seen[gap + 1]);
		expect(resumed).toBeLessThanOrEqual(80);
		expect(seen.slice(gap + 1)).toEqual(numbers(100 - resumed, resumed));
		await until(async () => (await scene.codes(channel)).includes("gap"), {
			what: "onError to hear of it",
		});
	});

	test("a client that never reads delays no other client, and its departure is noticed", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub({ limits: { bufferedBytes: 5_000 }, linger: 0 });
		const channel = scene.channel();
		const stuck = await scene.open(sse, channel, { paused: true });
		const ids: string[] = [];
		for (const n of numbers(30)) {
			ids.push((await sse.publish([n, padding], { channel })).id ?? "");
			await nextTurn();
		}
		const back = await scene.open(sse, channel, { lastEventId: ids[20] });
		await back.when(() => back.events.length === 9, "what it missed");
		back.close();
		stuck.close();
		await until(() => sse.stats().connections === 0 && sse.stats().channels === 0, {
			what: "everything to be freed",
		});
	});
}

/** Messages that are published in one turn leave in one chunk, which a client may always be sent. */
async function publishInTurns(sse: ServerSentEvents, channel: string, values: readonly number[]) {
	for (const [i, value] of values.entries()) {
		await sse.publish([value, padding], { channel });
		if (i % 4 === 3) await nextTurn();
	}
}
