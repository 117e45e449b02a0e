import type { RunEndState } from "../../core/run-store.ts";
import * as assert from "./assert.ts";
import { covers, idsOf, numbered, payload, stored } from "./history-kit.ts";
import type { Case } from "./kit.ts";
import { claimOf, runsPair } from "./runs-kit.ts";
import { until } from "./until.ts";

const endOf = (state: RunEndState) => ({ state, reason: "why", payload: payload(state) });

/** R6, R7 and R9: how runs end, and go. */
export const runEndCases: Case[] = [
	{
		clause: "R6",
		title: "the end is stored, delivered with its id, and noted; nothing comes after it",
		async run(kit) {
			const { one, runs, otherRuns, history, channel } = await runsPair(kit);
			const { token } = claimOf();
			await runs.claim(channel, claimOf({ token }));
			const { recorder } = await kit.listen(one, channel);
			await runs.append(channel, { token, payloads: numbered(1) });
			const ended = await runs.finish(channel, { token, ...endOf("done") });
			assert.ok(ended.refused === undefined, "it was refused");
			await recorder.saw(stored(ended.end, payload("done")));
			const record = await otherRuns.status(channel);
			assert.equal(record?.end, ended.end);
			assert.equal(record?.state, "done");
			assert.equal(record?.reason, "why");
			assert.ok((record?.ended ?? 0) >= (record?.started ?? Infinity), "the time of the end");
			const late = await runs.append(channel, { token, payloads: numbered(1) });
			assert.equal(late.refused, "superseded");
			assert.equal(late.refused && late.state, "done");
			const { messages } = await history.read(channel, "0-0", 10);
			assert.equal(idsOf(messages).at(-1), ended.end);
			assert.equal(idsOf(messages).length, 2);
		},
	},
	{
		clause: "R6",
		title: "of many who end a run one does, and all are told how it ended",
		async run(kit) {
			const { runs, otherRuns, history, channel } = await runsPair(kit);
			const { token } = claimOf();
			await runs.claim(channel, claimOf({ token }));
			const ends = await Promise.all(
				(["done", "error", "cancelled", "done", "error"] as const).map((state, n) =>
					(n % 2 === 0 ? runs : otherRuns).finish(channel, { token, ...endOf(state) }),
				),
			);
			const told = new Set(ends.map((each) => (each.refused ? each.refused : each.state)));
			assert.equal(told.size, 1);
			assert.equal(idsOf((await history.read(channel, "0-0", 10)).messages).length, 1);
		},
	},
	{
		clause: "R6",
		title: "who has another token does not end a run, nor does one that does not exist end",
		async run(kit) {
			const { runs, channel } = await runsPair(kit);
			const finish = { token: "another", ...endOf("done") };
			assert.equal((await runs.finish(channel, finish)).refused, "superseded");
			await runs.claim(channel, claimOf());
			assert.equal((await runs.finish(channel, finish)).refused, "superseded");
			assert.equal((await runs.status(channel))?.state, "running");
		},
	},
	{
		clause: "R6",
		title: "a run is ended as lost only when its lease has lapsed, and only once",
		async run(kit) {
			const { runs, otherRuns, history, channel } = await runsPair(kit);
			const claim = claimOf({ lease: 300 });
			await runs.claim(channel, claim);
			const lost = { token: undefined, ...endOf("lost") };
			assert.equal((await otherRuns.finish(channel, lost)).refused, "alive");
			const lapsed = async () => ((await runs.status(channel))?.left ?? 0) < 0;
			await until(lapsed, { what: "the lease to lapse" });
			const ends = await Promise.all([runs.finish(channel, lost), otherRuns.finish(channel, lost)]);
			for (const end of ends) assert.equal(end.refused ?? end.state, "lost");
			const { token } = claim;
			const late = await runs.append(channel, { token, payloads: numbered(1) });
			assert.equal(late.refused && late.state, "lost");
			assert.equal(idsOf((await history.read(channel, "0-0", 10)).messages).length, 1);
		},
	},
	{
		clause: "R6",
		title: "a lease that has lapsed is still the producer's, until somebody ends the run",
		async run(kit) {
			const { runs, otherRuns, channel } = await runsPair(kit);
			const claim = claimOf({ lease: 50 });
			await runs.claim(channel, claim);
			const lapsed = async () => ((await runs.status(channel))?.left ?? 0) < 0;
			await until(lapsed, { what: "the lease to lapse" });
			assert.equal((await otherRuns.claim(channel, claimOf())).mine, false);
			const { token } = claim;
			const append = await runs.append(channel, { token, payloads: numbered(1) });
			assert.equal(append.refused, undefined);
		},
	},
	{
		clause: "R7",
		title: "nothing of a run is trimmed, whatever the channel's own limits are",
		async run(kit) {
			const { connector, history } = await kit.keeping({ maxLength: 3 });
			const channel = kit.channel("run");
			const claim = claimOf();
			const { token } = claim;
			await connector.runs?.claim(channel, claim);
			await connector.runs?.append(channel, { token, payloads: numbered(20) });
			const { messages } = await history.read(channel, "0-0", 100);
			assert.equal(idsOf(messages).length, 20);
		},
	},
	{
		clause: "R7",
		title: "a run is gone, with its history, some time after its end, or its beginning",
		async run(kit) {
			for (const isEnded of [true, false]) {
				const { runs, otherRuns, history, channel } = await runsPair(kit);
				const claim = claimOf(isEnded ? { keepDone: 300 } : { keepDone: 100, maxAge: 200 });
				const { token } = claim;
				await runs.claim(channel, claim);
				await runs.append(channel, { token, payloads: numbered(1) });
				if (isEnded) await runs.finish(channel, { token, ...endOf("done") });
				const { messages } = await history.read(channel, "0-0", 10);
				assert.equal(idsOf(messages).length, isEnded ? 2 : 1);
				await until(async () => (await runs.status(channel)) === undefined, { what: "its end" });
				const gone = async () => (await history.read(channel, "0-0", 10)).messages.length === 0;
				await until(gone, { what: "its history to be gone" });
				assert.equal((await otherRuns.claim(channel, claimOf())).mine, true);
			}
		},
	},
	{
		clause: "R9",
		title: "delete says so and takes the run away, and the id is free",
		async run(kit) {
			const { one, runs, otherRuns, history, channel } = await runsPair(kit);
			const claim = claimOf();
			const { token } = claim;
			await runs.claim(channel, claim);
			await runs.append(channel, { token, payloads: numbered(2) });
			const position = await history.head(channel);
			const { recorder } = await kit.listen(one, channel);
			await otherRuns.delete(channel, payload("gone"));
			await recorder.saw(payload("gone"));
			assert.equal(await runs.status(channel), undefined);
			assert.equal(await covers(history, channel, position), false);
			const late = await runs.append(channel, { token, payloads: numbered(1) });
			assert.equal(late.refused, "superseded");
			const next = await otherRuns.claim(channel, claimOf());
			assert.equal(next.mine, true);
			assert.equal(next.record.count, 0);
			const { messages } = await history.read(channel, "0-0", 10);
			assert.deepEqual(idsOf(messages), []);
			assert.equal(await covers(history, channel, position), false);
		},
	},
];
