import type { Connector } from "../../core/connector.ts";
import type { RunClaim, RunRecord, RunStore } from "../../core/run-store.ts";
import * as assert from "./assert.ts";
import { covers, idsOf, numbered, payload, publishAll, stored } from "./history-kit.ts";
import type { Case, Kit } from "./kit.ts";
import { runEndCases } from "./runs-end.ts";
import { claimOf, type Pair, runsOf, runsPair } from "./runs-kit.ts";
import { until } from "./until.ts";

const whole = async ({ history, channel }: Pair) => {
	const { messages } = await history.read(channel, "0-0", 100);
	return messages.flatMap(({ payload: text }) => (text === undefined ? [] : JSON.parse(text).data));
};

const claiming: Case[] = [
	{
		clause: "R1",
		title: "of many who claim at once one has the run, and the others its record",
		async run(kit) {
			const { runs, otherRuns, channel } = await runsPair(kit);
			const claims = Array.from({ length: 10 }, () => claimOf());
			const answers = await Promise.all(
				claims.map((claim, n) => (n % 2 === 0 ? runs : otherRuns).claim(channel, claim)),
			);
			assert.equal(answers.filter(({ mine }) => mine).length, 1);
			const winner = claims[answers.findIndex(({ mine }) => mine)];
			assert.deepEqual(new Set(answers.map(({ record }) => record.name)), new Set([winner?.name]));
			for (const { record } of answers) assert.equal(record.state, "running");
		},
	},
	{
		clause: "R1",
		title: "a claim of the same token succeeds again, and begins nothing anew",
		async run(kit) {
			const pair = await runsPair(kit);
			const claim = claimOf();
			await pair.runs.claim(pair.channel, claim);
			await pair.runs.append(pair.channel, { token: claim.token, payloads: numbered(2) });
			const { mine, record } = await pair.otherRuns.claim(pair.channel, claim);
			assert.equal(mine, true);
			assert.equal(record.count, 2);
			assert.deepEqual(await whole(pair), [0, 1]);
		},
	},
	{
		clause: "R1",
		title: "what was published to the channel before is no part of the run",
		async run(kit) {
			const pair = await runsPair(kit);
			const [before = ""] = await publishAll(pair.one, pair.channel, numbered(1));
			const { token } = await begin(pair.runs, pair.channel);
			await pair.runs.append(pair.channel, { token, payloads: [payload("mine")] });
			assert.deepEqual(await whole(pair), ["mine"]);
			assert.equal(await covers(pair.history, pair.channel, before), false);
		},
	},
];

const appending: Case[] = [
	{
		clause: "R2",
		title: "what is appended is stored, and delivered with its id, in order",
		async run(kit) {
			const pair = await runsPair(kit);
			const { token } = await begin(pair.runs, pair.channel);
			const { recorder } = await kit.listen(pair.other, pair.channel);
			const texts = numbered(20);
			for (let at = 0; at < 20; at += 5) {
				await pair.runs.append(pair.channel, { token, payloads: texts.slice(at, at + 5) });
			}
			const { messages } = await pair.history.read(pair.channel, "0-0", 100);
			const expected = idsOf(messages).map((id, n) => stored(id, texts[n] ?? ""));
			assert.equal(expected.length, 20);
			await recorder.saw(expected.at(-1) ?? "");
			assert.deepEqual(recorder.messages, expected);
		},
	},
	{
		clause: "R2",
		title: "who has another token, or no run, is refused, and leaves nothing",
		async run(kit) {
			const pair = await runsPair(kit);
			const append = { token: "another", payloads: numbered(1) };
			const nothing = await pair.runs.append(pair.channel, append);
			assert.equal(nothing.refused, "superseded");
			await begin(pair.runs, pair.channel);
			const refused = await pair.otherRuns.append(pair.channel, append);
			assert.equal(refused.refused, "superseded");
			assert.deepEqual(await whole(pair), []);
		},
	},
	{
		clause: "R2",
		title: "an append extends the lease, with or without a payload",
		async run(kit) {
			const { runs, channel } = await runsPair(kit);
			const { token } = await begin(runs, channel, { lease: 60_000 });
			const left = async () => (await record(runs, channel)).left;
			for (const payloads of [numbered(1), []]) {
				await until(async () => (await left()) < 59_990, { what: "the lease to run down" });
				const before = await left();
				await runs.append(channel, { token, payloads });
				assert.ok((await left()) > before, "the lease was not extended");
			}
		},
	},
	{
		clause: "R3",
		title: "a call that is made again stores only what is not there yet",
		async run(kit) {
			const pair = await runsPair(kit);
			const { token } = await begin(pair.runs, pair.channel);
			const texts = numbered(5);
			const append = (from: number, to: number) =>
				pair.runs.append(pair.channel, { token, from, payloads: texts.slice(from, to) });
			await append(0, 2);
			assert.deepEqual((await append(0, 2)).refused, undefined);
			const again = await append(0, 5);
			assert.equal(again.refused === undefined && again.count, 5);
			assert.deepEqual(await whole(pair), [0, 1, 2, 3, 4]);
			assert.equal((await append(7, 8)).refused, "lost");
		},
	},
	{
		clause: "R4",
		title: "a run takes no more than it was claimed for, and still its end",
		async run(kit) {
			const limits = [
				["length", { maxLength: 2 }],
				["bytes", { maxBytes: 20 }],
				["age", { maxAge: 1 }],
			] as const;
			for (const [refusal, limit] of limits) {
				const pair = await runsPair(kit);
				const { token } = await begin(pair.runs, pair.channel, limit);
				const refused = async () => {
					const payloads = [payload("a")];
					return (await pair.runs.append(pair.channel, { token, payloads })).refused;
				};
				await until(async () => (await refused()) === refusal, { what: refusal });
				assert.equal(await refused(), refusal);
				const end = { state: "error", reason: "too long", payload: payload("end") } as const;
				const ended = await pair.runs.finish(pair.channel, { token, ...end });
				assert.equal(ended.refused, undefined);
				assert.equal((await whole(pair)).at(-1), "end");
			}
		},
	},
];

const cancelling: Case[] = [
	{
		clause: "R5",
		title: "the answer to an append says that the run is to be cancelled, and why",
		async run(kit) {
			const { runs, otherRuns, channel } = await runsPair(kit);
			const { token } = await begin(runs, channel);
			const before = await runs.append(channel, { token, payloads: numbered(1) });
			assert.equal(before.refused === undefined && before.cancel, undefined);
			await otherRuns.cancel(channel, "the user said so", payload("cancel"));
			await otherRuns.cancel(channel, "and again", payload("cancel"));
			const after = await runs.append(channel, { token, payloads: [] });
			assert.equal(after.refused === undefined && after.cancel, "the user said so");
			assert.equal((await record(otherRuns, channel)).cancel, "the user said so");
		},
	},
	{
		clause: "R8",
		title: "a cancel is delivered as it is and not stored, while the run lasts",
		async run(kit) {
			const pair = await runsPair(kit);
			const { token } = await begin(pair.runs, pair.channel);
			const { recorder } = await kit.listen(pair.one, pair.channel);
			await pair.otherRuns.cancel(pair.channel, "", payload("cancel"));
			await recorder.saw(payload("cancel"));
			assert.deepEqual(await whole(pair), []);
			const end = { state: "cancelled", reason: "", payload: payload("end") } as const;
			await pair.runs.finish(pair.channel, { token, ...end });
			await pair.otherRuns.cancel(pair.channel, "", payload("late"));
			await pair.one.publish(pair.channel, payload("last"), { keep: false });
			await recorder.saw(payload("last"));
			assert.ok(!recorder.messages.includes(payload("late")), "a cancel after the end");
		},
	},
	{
		clause: "R10",
		title: "status and cancel of no run resolve to nothing, and leave nothing",
		async run(kit) {
			const pair = await runsPair(kit);
			assert.equal(await pair.runs.status(pair.channel), undefined);
			assert.equal(await pair.runs.cancel(pair.channel, "why", payload("cancel")), undefined);
			assert.equal(await pair.otherRuns.status(pair.channel), undefined);
			await pair.runs.delete(pair.channel, payload("gone"));
			assert.equal(await covers(pair.history, pair.channel, "0-0"), true);
			assert.equal((await pair.runs.claim(pair.channel, claimOf())).mine, true);
		},
	},
];

/** The clauses of `RunStore`. */
export const runsCases: Case[] = [
	...claiming,
	...appending,
	...cancelling,
	...runEndCases,
	{
		clause: "R10",
		title: "a broker that is away rejects, in time",
		needs: ["broker"] as const,
		async run(kit: Kit) {
			const connector: Connector = (await kit.keeping()).connector;
			const runs = runsOf(connector);
			const channel = kit.channel();
			const { token } = await begin(runs, channel);
			await runs.append(channel, { token, payloads: numbered(1) });
			await kit.stop();
			await kit.rejects(runs.status(channel), "unavailable", "status");
			const appended = runs.append(channel, { token, payloads: numbered(1) });
			await kit.rejects(appended, "unavailable", "append");
		},
	},
].map((each: Case) => ({ ...each, needs: [...(each.needs ?? []), "history", "runs"] }));

async function begin(runs: RunStore, channel: string, claim: Partial<RunClaim> = {}) {
	const { mine } = await runs.claim(channel, claimOf({ token: "mine", ...claim }));
	assert.equal(mine, true);
	return { token: "mine" };
}

async function record(runs: RunStore, channel: string): Promise<RunRecord> {
	const found = await runs.status(channel);
	assert.ok(found, "there is no run");
	return found;
}
