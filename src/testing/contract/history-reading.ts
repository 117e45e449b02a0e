import * as assert from "./assert.ts";
import { covers, idsOf, numbered, payload, publishAll, stored } from "./history-kit.ts";
import type { Case } from "./kit.ts";

/** H3 to H5. */
export const historyReadingCases: Case[] = [
	{
		clause: "H3",
		title:
			"read returns what came after the position, oldest first, at most `limit`, and says if there is more",
		async run(kit) {
			const { connector, history } = await kit.keeping();
			const channel = kit.channel();
			const ids = await publishAll(connector, channel, numbered(10));
			for (const [from, limit] of [
				[0, 3],
				[0, 8],
				[0, 9],
				[0, 10],
				[6, 3],
				[7, 3],
				[8, 500],
				[9, 3],
			] as const) {
				const page = await history.read(channel, ids[from] ?? "", limit);
				const rest = ids.slice(from + 1);
				assert.deepEqual(idsOf(page.messages), rest.slice(0, limit), `${limit} after ${from}`);
				assert.equal(page.covered, true);
				assert.equal(page.more, rest.length > limit, `more than ${limit} after ${from}`);
			}
		},
	},
	{
		clause: "H3",
		title: "page by page from the start, everything comes once, also where a reader came first",
		async run(kit) {
			const { connector, history } = await kit.keeping();
			const channel = kit.channel();
			await history.head(channel);
			const ids = await publishAll(connector, channel, numbered(25));
			for (const limit of [1, 2, 7, 24, 25, 26, 500]) {
				const seen: string[] = [];
				let after = "0-0";
				for (let more = true; more; ) {
					const page = await history.read(channel, after, limit);
					assert.equal(page.covered, true);
					assert.ok(page.messages.length <= limit);
					seen.push(...idsOf(page.messages));
					({ more } = page);
					const last = page.messages.at(-1)?.id;
					assert.ok(!more || last !== undefined, "there is more, and no place to go on from");
					after = last ?? after;
				}
				assert.deepEqual(seen, ids, `pages of ${limit}`);
			}
		},
	},
	{
		clause: "H3",
		title: "`0-0` is before everything and always covered, in an empty channel too",
		async run(kit) {
			const { connector, history } = await kit.keeping({ maxLength: 2 });
			const channel = kit.channel();
			const nothing = await history.read(channel, "0-0", 10);
			assert.deepEqual([nothing.covered, nothing.messages, nothing.more], [true, [], false]);
			const ids = await publishAll(connector, channel, numbered(9));
			const { covered, messages } = await history.read(channel, "0-0", 10);
			assert.equal(covered, true, "what was trimmed before it is nobody's business");
			assert.deepEqual(idsOf(messages).slice(-2), ids.slice(-2));
		},
	},
	{
		clause: "H4",
		title: "positions that are not kept are not covered: trimmed, forged, of another channel",
		async run(kit) {
			const { connector, history } = await kit.keeping({ maxLength: 3 });
			const [channel, other] = [kit.channel(), kit.channel()];
			const ids = await publishAll(connector, channel, numbered(8));
			// Two channels may have the same id in one millisecond, so another id is used.
			const elsewhere = await publishAll(connector, other, numbered(8));
			const foreign = elsewhere.filter((id) => !ids.includes(id));
			const newest = ids.at(-1) ?? "";
			const [ms = "", sequence = ""] = newest.split("-");
			for (const position of [
				...ids.slice(0, 4),
				...foreign,
				"0-1",
				"1-0",
				`${ms}-${Number(sequence) + 7}`,
				`${Number(ms) + 1_000}-0`,
				"999999999999999-999999999999999",
			]) {
				const page = await history.read(channel, position, 10);
				assert.equal(page.covered, false, position);
				assert.equal(page.more, false, position);
			}
			// They still get what comes after the position.
			const rest = await history.read(channel, ids[0] ?? "", 10);
			assert.deepEqual(idsOf(rest.messages).slice(-3), ids.slice(-3));
			assert.deepEqual((await history.read(channel, "999999999999999-0", 10)).messages, []);
		},
	},
	{
		clause: "H4",
		title: "after the store was wiped, no position from before it is covered",
		needs: ["wipe"],
		async run(kit) {
			const { connector, history } = await kit.keeping();
			const channel = kit.channel();
			const before = await publishAll(connector, channel, numbered(3));
			await kit.harness.history?.wipe?.();
			for (const position of before) assert.equal(await covers(history, channel, position), false);
			const [id = ""] = await publishAll(connector, channel, [payload("after")]);
			for (const position of before) {
				const page = await history.read(channel, position, 10);
				assert.equal(page.covered, false);
				assert.deepEqual(idsOf(page.messages), [id]);
			}
			assert.equal(await covers(history, channel, id), true);
			assert.equal(await history.head(channel), id);
		},
	},

	{
		clause: "H5",
		title: "head is the position of the newest message",
		async run(kit) {
			const { one, other, history } = await kit.keepingPair();
			const channel = kit.channel();
			for (const connector of [one, other, one]) {
				const [id] = await publishAll(connector, channel, [payload("x")]);
				assert.equal(await history.head(channel), id);
			}
		},
	},
	{
		clause: "H5",
		title: "everything after the position at which a subscription is live arrives on it",
		async run(kit) {
			const { one, other, history } = await kit.keepingPair();
			const channel = kit.channel();
			for (let round = 0; round < 10; round++) {
				const publishing = publishAll(other, channel, numbered(5));
				const { recorder, subscription } = await kit.listen(one, channel);
				const position = subscription.position ?? (await history.head(channel));
				await publishing;
				const [end] = await publishAll(other, channel, [payload("end")]);
				await recorder.saw(stored(end, payload("end")));
				const { messages } = await history.read(channel, position, 10);
				const kept = messages.flatMap(({ payload }) => payload ?? []);
				assert.deepEqual(recorder.messages.slice(-kept.length), kept);
				await subscription.unsubscribe();
			}
		},
	},
	{
		clause: "H5",
		title: "with `back`, head is the position before the newest `back` messages",
		async run(kit) {
			const { connector, history } = await kit.keeping();
			const channel = kit.channel();
			const ids = await publishAll(connector, channel, numbered(6));
			assert.equal(await history.head(channel, 0), ids[5]);
			for (const back of [1, 3, 5, 6, 7, 1_000]) {
				const position = await history.head(channel, back);
				const page = await history.read(channel, position, 10);
				assert.equal(page.covered, true);
				assert.deepEqual(idsOf(page.messages), ids.slice(-back), `the newest ${back}`);
			}
		},
	},
];
