import type { Connector, OutgoingMessage, PublishOutcome } from "../../core/connector.ts";
import { within } from "../wait.ts";
import * as assert from "./assert.ts";
import { payload, stored } from "./history-kit.ts";
import type { Case } from "./kit.ts";

/** B1 to B3. They pass where a connector has no `publishAll`, which is optional. */
const plain: Case[] = [
	{
		clause: "B1",
		title:
			"publishAll delivers each message to its channel, in order, in its turn among other publishes",
		async run(kit) {
			const { publisher, subscriber } = await kit.pair();
			const publishAll = batchOf(publisher);
			if (publishAll === undefined) return;
			const [one, two] = [kit.channel(), kit.channel()];
			const first = await kit.listen(subscriber, one);
			const second = await kit.listen(subscriber, two);
			const calls = [
				publisher.publish(one, "0"),
				publishAll([
					{ channel: one, payload: "1" },
					{ channel: two, payload: "a" },
					{ channel: one, payload: "2" },
				]),
				publisher.publish(one, "3"),
				publishAll([
					{ channel: two, payload: "b" },
					{ channel: one, payload: "4" },
				]),
				publisher.publish(one, "end"),
			];
			await Promise.all(calls);
			await first.recorder.saw("end");
			await second.recorder.saw("b");
			assert.deepEqual(first.recorder.messages, ["0", "1", "2", "3", "4", "end"]);
			assert.deepEqual(second.recorder.messages, ["a", "b"]);
		},
	},
	{
		clause: "B2",
		title: "publishAll resolves to an outcome for each message, in the order of the list",
		async run(kit) {
			const publishAll = batchOf(await kit.connect());
			if (publishAll === undefined) return;
			const channels = [kit.channel(), kit.channel(), kit.channel()];
			const messages = Array.from({ length: 30 }, (_, n) => ({
				channel: channels[n % 3] ?? "",
				payload: `${n}`,
			}));
			const outcomes = await publishAll(messages);
			assert.equal(outcomes.length, 30);
			for (const { error, receivers } of outcomes) {
				assert.equal(error, undefined);
				assert.ok(Number.isInteger(receivers), `receivers: ${receivers}`);
			}
			assert.deepEqual(await publishAll([]), []);
		},
	},
	{
		clause: "B2",
		title: "with the broker gone publishAll resolves in time, to an error for each message",
		needs: ["broker"],
		async run(kit) {
			const publishAll = batchOf(await kit.connect());
			if (publishAll === undefined) return;
			await kit.stop();
			const messages = [kit.channel(), kit.channel()].map((channel) => ({ channel, payload: "x" }));
			const outcomes = await within(publishAll(messages), kit.patience, "publishAll, broker gone");
			assert.deepEqual(codesOf(outcomes), ["unavailable", "unavailable"]);
		},
	},
];

/** H8 to H10, and B1 where messages are kept. */
const keeping: Case[] = [
	{
		clause: "B1",
		title: "publishAll stores what it delivers, under the ids that it resolves to",
		async run(kit) {
			const { one, other, history } = await kit.keepingPair();
			const publishAll = batchOf(other);
			if (publishAll === undefined) return;
			const [channel, another] = [kit.channel(), kit.channel()];
			const { recorder } = await kit.listen(one, channel);
			const outcomes = await publishAll([
				{ channel, payload: payload(1) },
				{ channel: another, payload: payload("a") },
				{ channel, payload: payload(2) },
			]);
			const expected = [stored(outcomes[0]?.id, payload(1)), stored(outcomes[2]?.id, payload(2))];
			await recorder.saw(expected[1] ?? "");
			assert.deepEqual(recorder.messages, expected);
			assert.deepEqual(await textsOf(history, channel), expected);
			assert.deepEqual(await textsOf(history, another), [stored(outcomes[1]?.id, payload("a"))]);
		},
	},
	{
		clause: "H8",
		title: "of two publishes with one key the first is sent, and both resolve to its id",
		async run(kit) {
			const { one, other, history } = await kit.keepingPair();
			const [channel, another] = [kit.channel(), kit.channel()];
			const { recorder } = await kit.listen(one, channel);
			const key = "order 7 é😀 {}";
			const first = await other.publish(channel, payload("first"), { key });
			const again = await one.publish(channel, payload("again"), { key });
			assert.deepEqual(again, { receivers: 0, id: first.id });
			const different = await one.publish(channel, payload("different"), { key: `${key}!` });
			const elsewhere = await one.publish(another, payload("elsewhere"), { key });
			assert.ok(elsewhere.id !== undefined && elsewhere.id !== first.id);
			const expected = [
				stored(first.id, payload("first")),
				stored(different.id, payload("different")),
			];
			await recorder.saw(expected[1] ?? "");
			assert.deepEqual(recorder.messages, expected);
			assert.deepEqual(await textsOf(history, channel), expected);
		},
	},
	{
		clause: "H8",
		title: "of two at the same time, too; and the keys of 1,000 messages are remembered",
		async run(kit) {
			const { one } = await kit.keepingPair();
			const channel = kit.channel();
			const publish = (n: number) => one.publish(channel, payload(n), { key: `key ${n}` });
			const ids: (string | undefined)[] = [];
			// A few at a time: a distant broker needs time for each.
			for (let from = 0; from < 1_000; from += 100) {
				const some = Array.from({ length: 100 }, (_, n) => from + n);
				const [first, again] = await Promise.all([
					Promise.all(some.map(publish)),
					Promise.all(some.map(publish)),
				]);
				assert.deepEqual(
					again.map(({ id }) => id),
					first.map(({ id }) => id),
				);
				ids.push(...first.map(({ id }) => id));
			}
			const oldest = await publish(0);
			assert.equal(oldest.id, ids[0]);
			assert.equal(new Set(ids).size, 1_000);
		},
	},
	{
		clause: "H9",
		title: "with keep: false a message is delivered in its turn, without an id, and not stored",
		async run(kit) {
			const { one, other, history } = await kit.keepingPair();
			const channel = kit.channel();
			const { recorder } = await kit.listen(one, channel);
			const [before, live, after] = await Promise.all([
				other.publish(channel, payload("before")),
				other.publish(channel, payload("live"), { keep: false }),
				other.publish(channel, payload("after")),
			]);
			assert.equal(live.id, undefined);
			const last = stored(after.id, payload("after"));
			await recorder.saw(last);
			const first = stored(before.id, payload("before"));
			assert.deepEqual(recorder.messages, [first, payload("live"), last]);
			assert.deepEqual(await textsOf(history, channel), [first, last]);
		},
	},
	{
		clause: "H10",
		title: "forget empties a channel's history, and every position of before is not covered",
		async run(kit) {
			const { one, other, history } = await kit.keepingPair();
			if (history.forget === undefined) return;
			const [channel, another, silent] = [kit.channel(), kit.channel(), kit.channel()];
			const ids: (string | undefined)[] = [];
			for (const n of [1, 2, 3]) ids.push((await one.publish(channel, payload(n))).id);
			await one.publish(another, payload("stays"));
			await history.forget(channel);
			await history.forget(silent);
			assert.deepEqual(await textsOf(history, channel), []);
			for (const id of ids) {
				assert.equal((await history.read(channel, id ?? "", 10)).covered, false, `after ${id}`);
			}
			assert.equal((await textsOf(history, another)).length, 1);
			// It continues from there.
			const head = await history.head(channel);
			const { id } = await other.publish(channel, payload("next"));
			const page = await history.read(channel, head, 10);
			assert.equal(page.covered, true);
			assert.deepEqual(page.messages, [{ id, payload: stored(id, payload("next")) }]);
		},
	},
	{
		clause: "H6",
		title: "a rule for some channels counts for these alone, and the first that fits",
		async run(kit) {
			const name = kit.channel();
			const { connector, history } = await kit.keeping({
				maxLength: 3,
				channels: [
					{ match: `${name}.run.*`, maxLength: 8 },
					{ match: `${name}.*`, maxLength: 1 },
				],
			});
			for (const [channel, most] of [
				[`${name}.run.1`, 8],
				[`${name}.other`, 1],
				[`x${name}.run.1`, 3],
			] as const) {
				for (let n = 0; n < 12; n++) await connector.publish(channel, payload(n));
				const { length } = await textsOf(history, channel);
				assert.ok(length === most || length === most + 1, `${channel}: ${length} messages`);
			}
		},
	},
];

function batchOf(connector: Connector) {
	if (connector.publishAll === undefined) return undefined;
	return async (messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> =>
		(await connector.publishAll?.(messages)) ?? [];
}

function codesOf(outcomes: readonly PublishOutcome[]): (string | undefined)[] {
	return outcomes.map(({ error }) => error?.code);
}

async function textsOf(
	history: NonNullable<Connector["history"]>,
	channel: string,
): Promise<string[]> {
	const { messages } = await history.read(channel, "0-0", 100);
	return messages.flatMap(({ payload: text }) => (text === undefined ? [] : [text]));
}

export const batchCases: Case[] = [
	...plain,
	...keeping.map((each) => ({ ...each, needs: ["history" as const, ...(each.needs ?? [])] })),
];
