import { expect, test } from "vitest";
import type { PublishMessage } from "../../../src/core/publish.ts";
import type { Client } from "../client.ts";
import { type Broker, numbers, Scene } from "../scene.ts";

/**
 * More messages of a channel than one call carries while another is under way, and more than one page of
 * history.
 */
const many = 300;

/**
 * Several messages in one call, and several calls without await. A client that comes back sees them like any
 * other.
 */
export function batches(broker: Broker): void {
	const setUp = () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		return { scene, sse, a: scene.channel("a"), b: scene.channel("b") };
	};

	/** The ids of outcomes, none of which may be an error. */
	const idsOf = (outcomes: readonly { id?: string | undefined; error?: unknown }[]) =>
		outcomes.map(({ id, error }) => {
			if (id === undefined) throw new Error("A message was not stored.", { cause: error });
			return id;
		});

	/** The numbers of one of two channels: `a` has those from 0 on, `b` those below. */
	const ofA = (client: Client) => client.seen.map(Number).filter((n) => n >= 0);
	const ofB = (client: Client) => client.seen.map(Number).filter((n) => n < 0);

	test("publishAll: each message has the id that was answered, and a client can come back to any of them", async () => {
		const { scene, sse, a, b } = setUp();
		const client = await scene.open(sse, a);
		const cursor = await client.placed();
		const messages: PublishMessage[] = numbers(20).flatMap((n) => [
			{ data: n, channel: a },
			{ data: -n - 1, channel: b },
		]);
		const ids = idsOf(await scene.other(sse).publishAll(messages));
		const idsOfA = ids.filter((_, index) => index % 2 === 0);
		expect(await client.sees(20)).toEqual(numbers(20));
		expect(client.events.map(({ id }) => id)).toEqual(idsOfA);
		const process = scene.other(sse);
		for (const [n, lastEventId] of [cursor, ...idsOfA].entries()) {
			const back = await scene.open(process, a, { lastEventId });
			expect(await back.sees(20 - n)).toEqual(numbers(20 - n, n));
			expect(back.gaps).toEqual([]);
			back.close();
		}
		expect(await scene.reports()).toEqual([]);
	});

	test("publishAll is at most one command for each channel", async () => {
		const { scene, sse, a, b } = setUp();
		await scene.publish(sse, a, "the first one may bring the script");
		await scene.publish(sse, b, "to this channel, too");
		const before = await broker.commands();
		idsOf(await sse.publishAll(numbers(40).map((n) => ({ data: n, channel: n % 2 ? a : b }))));
		expect((await broker.commands()) - before).toBeLessThanOrEqual(2);
	});

	test("a list of channels: a client of both gets the message from each, after any disconnect", async () => {
		const { scene, sse, a, b } = setUp();
		const client = await scene.open(sse, [a, b]);
		const cursors = [await client.placed()];
		for (const n of numbers(6)) {
			idsOf(await sse.publish(n, { channel: [a, b] }));
			await client.sees(2 * n + 2);
		}
		cursors.push(...client.events.map(({ id = "" }) => id));
		const other = scene.other(sse);
		for (const [n, lastEventId] of cursors.entries()) {
			const back = await scene.open(other, [a, b], { lastEventId });
			await back.sees(12 - n);
			expect(back.seen.toSorted()).toEqual(client.seen.slice(n).toSorted());
			expect(back.gaps).toEqual([]);
			back.close();
		}
	});

	test("calls of every kind without await: messages come in the order of the calls, live and replayed", async () => {
		const { scene, sse, a, b } = setUp();
		const client = await scene.open(sse, [a, b]);
		const lastEventId = await client.placed();
		const early = await scene.open(sse, a);
		const publisher = scene.other(sse);
		const calls: Promise<unknown>[] = [];
		const send = (from: number, to: number) => {
			for (let n = from; n < to; n += 3) {
				publisher.send(n, { channel: a });
				calls.push(
					publisher.publishAll([
						{ data: n + 1, channel: a },
						{ data: -n - 1, channel: b },
					]),
				);
				calls.push(publisher.publish(n + 2, { channel: [a] }));
			}
		};
		send(0, many / 2);
		await early.sees(10);
		early.close();
		send(many / 2, many);
		const back = await scene.open(publisher, a, { lastEventId: early.lastEventId });
		await Promise.all(calls);
		await back.sees(many - early.seen.length);
		expect([...early.seen, ...back.seen]).toEqual(numbers(many));
		await client.sees(many + many / 3);
		const late = await scene.open(publisher, [a, b], { lastEventId });
		await late.sees(many + many / 3);
		for (const each of [client, late]) {
			expect(ofA(each)).toEqual(numbers(many));
			expect(ofB(each)).toEqual(numbers(many / 3).map((n) => -3 * n - 1));
			expect(each.gaps).toEqual([]);
		}
		expect(await scene.reports()).toEqual([]);
	});

	test("a key: a repeated message is stored once with the first id, in a batch as well", async () => {
		const { scene, sse, a, b } = setUp();
		const client = await scene.open(sse, a);
		const lastEventId = await client.placed();
		const { id } = await sse.publish(0, { channel: a, key: "zero" });
		const other = scene.other(sse);
		expect(await other.publish(0, { channel: a, key: "zero" })).toEqual({ receivers: 0, id });
		const [again, one, onceMore, elsewhere, two] = await other.publishAll([
			{ data: 0, channel: a, key: "zero" },
			{ data: 1, channel: a, key: "one" },
			{ data: 1, channel: a, key: "one" },
			{ data: 0, channel: b, key: "zero" },
			{ data: 2, channel: a },
		]);
		expect(again).toEqual({ receivers: 0, id });
		expect(onceMore).toEqual({ receivers: 0, id: one?.id });
		expect(elsewhere?.id).toBeDefined();
		await client.sees(3);
		expect(client.events.map(({ id: seen }) => seen)).toEqual([id, one?.id, two?.id]);
		// Not even for a client that begins before the first, or between the two.
		for (const [n, cursor] of [lastEventId, id, one?.id].entries()) {
			const back = await scene.open(other, a, { lastEventId: cursor });
			expect(await back.sees(3 - n)).toEqual(numbers(3 - n, n));
			back.close();
		}
		await sse.publish(3, { channel: a });
		expect(await client.sees(4)).toEqual(numbers(4));
	});

	test("keep: false among others: in its turn, without an id, and not replayed", async () => {
		const { scene, sse, a } = setUp();
		const client = await scene.open(sse, a);
		const lastEventId = await client.placed();
		const outcomes = await sse.publishAll(
			numbers(9).map((data) => ({ data, channel: a, keep: data % 3 !== 1 })),
		);
		expect(outcomes.map(({ id }) => id !== undefined)).toEqual(numbers(9).map((n) => n % 3 !== 1));
		expect(await client.sees(9)).toEqual(numbers(9));
		expect(client.events.map(({ id }) => id)).toEqual(outcomes.map(({ id }) => id));
		const back = await scene.open(scene.other(sse), a, { lastEventId });
		expect(await back.sees(6)).toEqual([0, 2, 3, 5, 6, 8]);
		expect(back.gaps).toEqual([]);
	});
}
