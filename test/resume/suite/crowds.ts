import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { History } from "../../../src/core/connector.ts";
import type { ServerSentEvents } from "../../../src/core/sse.ts";
import { until } from "../../support/wait.ts";
import type { Broker } from "../scene.ts";
import { numbers, Scene } from "../scene.ts";

export function crowds(broker: Broker): void {
	const count = broker.readsAlone === "all" ? 200 : 1_000;
	test(`${count} clients that come back at once to one channel share the read`, async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		const ids = await scene.publish(sse, channel, ...numbers(60));
		const other = scene.other(sse);
		const before = await broker.reads();
		// They left at different positions, as clients of a server that drains slowly do.
		const clients = await Promise.all(
			numbers(count).map((n) => scene.open(other, channel, { lastEventId: ids[n % 50] })),
		);
		await Promise.all(clients.map((client, n) => client.sees(59 - (n % 50))));
		for (const [n, client] of clients.entries()) {
			expect(client.seen).toEqual(numbers(59 - (n % 50), (n % 50) + 1));
		}
		// Over a network a crowd takes its time to arrive.
		const shared = broker.reports === undefined ? 6 : 60;
		const most = broker.readsAlone === "all" ? clients.length : shared;
		expect((await broker.reads()) - before).toBeLessThanOrEqual(most);
		expect(await scene.reports()).toEqual([]);
	});

	test("clients of different lists share the reads of the channels that they have in common", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const common = scene.channel("common");
		await scene.publish(sse, common, 0);
		const lists = numbers(30).map((n) => [common, scene.channel(`own${n}`)]);
		for (const [, own = ""] of lists) await scene.publish(sse, own, 0);
		const cursors = await Promise.all(
			lists.map(async (names) => (await scene.open(sse, names)).placed()),
		);
		await scene.publish(sse, common, 1, 2);
		const other = scene.other(sse);
		// So that all of them are subscribed, and ask at the same time.
		await Promise.all(lists.map((names) => scene.open(other, names)));
		const before = await broker.reads();
		const back = await Promise.all(
			lists.map((names, n) => scene.open(other, names, { lastEventId: cursors[n] })),
		);
		for (const client of back) expect(await client.sees(2)).toEqual([1, 2]);
		// Alone, each reads the one of its two channels in which it missed something.
		const most = broker.readsAlone === undefined ? 6 : lists.length;
		expect((await broker.reads()) - before).toBeLessThanOrEqual(most);
		expect(await scene.reports()).toEqual([]);
	});

	test("a resume of k channels is at most k reads", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const names = numbers(8).map((n) => scene.channel(`n${n}`));
		const live = await scene.open(sse, names);
		const cursor = await live.placed();
		for (const [n, name] of names.entries()) await scene.publish(sse, name, n);
		const before = await broker.reads();
		const client = await scene.open(scene.other(sse), names, { lastEventId: cursor });
		expect((await client.sees(8)).toSorted()).toEqual(numbers(8));
		expect((await broker.reads()) - before).toBeLessThanOrEqual(8);
		const again = await scene.open(sse, names, { lastEventId: client.lastEventId });
		await again.comment();
		await nextTurn();
		expect((await broker.reads()) - before, "who missed nothing").toBeLessThanOrEqual(8);
		await scene.publish(sse, names[0] ?? "", 8);
		await again.sees(1);
	});

	test("a cursor longer than any of ours is checked once, and is a gap or a 400", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channels = [scene.channel("a"), scene.channel("b")];
		for (const text of ["1", "1-1.", ".", "a.".repeat(16), "999999999999999-0"]) {
			for (const names of [channels, channels.slice(0, 1)]) {
				const cursor = text.repeat(4_096 / text.length);
				const client = await scene.open(sse, names, { query: { lastEventId: cursor } });
				await client.when(() => client.gaps.length === names.length, "the gaps");
				expect(client.text.length).toBeLessThan(1_000);
				client.close();
				for (const length of [8_192, 1_048_576]) {
					const lastEventId = text.repeat(length / text.length);
					const url = new URL("http://localhost/");
					for (const name of names) url.searchParams.append("channel", name);
					const refusals = [
						await sse.fetch(new Request(url, { headers: { "last-event-id": lastEventId } })),
					];
					url.searchParams.set("lastEventId", lastEventId);
					refusals.push(await sse.fetch(new Request(url)));
					for (const refusal of refusals) {
						expect(refusal.status).toBe(400);
						expect(await refusal.json()).toEqual({
							error: expect.stringMatching(
								/^(Last-Event-ID|url): has at most \d+ characters, got \d+\.$/,
							),
						});
					}
				}
			}
		}
	});
}

/** How long a look into the process that makes the streams takes. */
export function insideTheHub(broker: Broker): void {
	test("live frames of one channel are the same bytes for every client", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		const ids = await scene.publish(sse, channel, 0, 1);
		const there = await Promise.all(numbers(5).map(() => scene.open(sse, channel)));
		const back = await Promise.all(
			numbers(5).map(() => scene.open(sse, channel, { lastEventId: ids[0] })),
		);
		// From here on they get the same bytes as every client.
		for (const client of back) expect(await client.sees(1)).toEqual([1]);
		await scene.publish(sse, channel, 2);
		const clients = [...there, ...back];
		await Promise.all(clients.map((client) => client.when(() => client.seen.at(-1) === 2, "2")));
		expect(new Set(clients.map((client) => client.chunks.at(-1))).size).toBe(1);
	});

	test("clients that come from far back do not delay the others", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub({ history: { maxLength: 3_000 } });
		const channel = scene.channel();
		await Promise.all(numbers(2_000).map((n) => sse.publish(n, { channel })));
		const head = await historyOf(sse).head(channel, 5);
		// Each time the history is read, another client has just come, from the start.
		let reads = 0;
		const arrivals: Promise<unknown>[] = [];
		const { read } = historyOf(sse);
		historyOf(sse).read = (...args) => {
			if (++reads <= 100) arrivals.push(scene.open(sse, channel, { lastEventId: "0" }));
			return read.apply(historyOf(sse), args);
		};
		await scene.open(sse, channel, { lastEventId: "0" });
		const client = await scene.open(sse, channel, { lastEventId: head });
		await client.when(() => client.events.length === 5, "the five that it missed");
		expect(reads).toBeLessThan(10);
		expect(client.gaps).toEqual([]);
		await Promise.all(arrivals);
	});

	test("ten thousand forged cursors at once cost few reads, and delay no client", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		const ids = await scene.publish(sse, channel, ...numbers(20));
		const honest = await scene.open(sse, channel);
		const before = await broker.reads();
		const forged = await Promise.all(
			numbers(10_000).map((n) => {
				const ms = n % 2 === 0 ? 1_000_000_000_000 + n : 900_000_000_000_000 + n;
				return scene.open(sse, channel, { lastEventId: `${ms}-${n}` });
			}),
		);
		const back = await scene.open(sse, channel, { lastEventId: ids[9] });
		expect(await back.sees(10)).toEqual(numbers(10, 10));
		await scene.publish(sse, channel, 20);
		expect(await honest.sees(1)).toEqual([20]);
		await Promise.all(forged.map((client) => client.when(() => client.seen.at(-1) === 20, "20")));
		for (const client of forged) expect(client.gaps).toHaveLength(1);
		// They arrive over many turns. In memory, where a read takes no turn, some turns have a read of their
		// own.
		expect((await broker.reads()) - before).toBeLessThanOrEqual(100);
		for (const client of forged) client.close();
		await until(() => sse.stats().connections === 2, { what: "the forgers to be gone" });
	});

	test("concurrent reads for many lists of channels are limited to a few", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const history = historyOf(sse);
		const names = numbers(40).map((n) => scene.channel(`n${n}`));
		for (const name of names) await scene.publish(sse, name, 1);
		let underWay = 0;
		let most = 0;
		const { read } = history;
		history.read = async (...args) => {
			underWay++;
			most = Math.max(most, underWay);
			try {
				return await read.apply(history, args);
			} finally {
				underWay--;
			}
		};
		const clients = await Promise.all(
			names.map((name) => scene.open(sse, name, { lastEventId: "0" })),
		);
		await Promise.all(clients.map((client) => client.sees(1)));
		expect(most).toBeGreaterThan(0);
		expect(most).toBeLessThanOrEqual(8);
	});
}

function historyOf({ connector: { history } }: ServerSentEvents): History {
	if (history === undefined) throw new Error("The connector keeps no history.");
	return history;
}
