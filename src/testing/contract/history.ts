import type { History } from "../../core/connector.ts";
import * as assert from "./assert.ts";
import { hostile } from "./channel-names.ts";
import { historyBoundsCases } from "./history-bounds.ts";
import { historyEmptyCases } from "./history-empty.ts";
import { covers, idsOf, numbered, payload, publishAll, stored } from "./history-kit.ts";
import { historyReadingCases } from "./history-reading.ts";
import type { Case, Kit } from "./kit.ts";
import { raceCases } from "./race.ts";
import { until } from "./until.ts";

const publishing: Case[] = [
	{
		clause: "H1",
		title: "publish resolves to the id, and subscribers and readers receive the payload with it",
		async run(kit) {
			const { one, other, history } = await kit.keepingPair();
			const channel = kit.channel();
			const { recorder } = await kit.listen(one, channel);
			const texts = [payload("plain"), '{"data": 1.0, "type": "x"}', payload("é 😀 \u2028 \n \0")];
			const ids = await publishAll(other, channel, texts);
			const expected = texts.map((text, n) => stored(ids[n], text));
			await recorder.saw(expected.at(-1) ?? "");
			assert.deepEqual(recorder.messages, expected);
			const { messages } = await history.read(channel, "0-0", 10);
			const kept = ids.map((id, n) => ({ id, payload: expected[n] }));
			assert.deepEqual(
				messages.filter((message) => message.payload !== undefined),
				kept,
			);
		},
	},
	{
		clause: "H1",
		title: "what a subscriber receives is stored already",
		async run(kit) {
			const { one, other, history } = await kit.keepingPair();
			const channel = kit.channel();
			const reads: Promise<boolean>[] = [];
			await one.subscribe(channel, {
				onMessage: (text) => void reads.push(covers(history, channel, JSON.parse(text).id)),
				onLost: () => undefined,
				onRestored: () => undefined,
				onEnd: () => undefined,
			});
			await publishAll(other, channel, numbered(50));
			await until(() => reads.length === 50, { what: "50 messages" });
			assert.deepEqual(new Set(await Promise.all(reads)), new Set([true]));
		},
	},
	{
		clause: "H1",
		title: "a payload of 1 MB is kept as it was delivered",
		async run(kit) {
			const { connector, history } = await kit.keeping();
			const channel = kit.channel();
			const text = payload("0123456789abcdef".repeat(65_536));
			const [id] = await publishAll(connector, channel, [text]);
			const { messages } = await history.read(channel, "0-0", 10);
			assert.ok(messages.at(-1)?.payload === stored(id, text), "another payload came back");
		},
	},
	{
		clause: "H1",
		title: "what is published by one that keeps nothing is delivered as it is, and not stored",
		needs: ["shared"],
		async run(kit) {
			const { connector, history } = await kit.keeping();
			const foreign = await kit.connect();
			const channel = kit.channel();
			const { recorder } = await kit.listen(connector, channel);
			const [first] = await publishAll(connector, channel, [payload("kept")]);
			await foreign.publish(channel, payload("not kept"));
			const [last] = await publishAll(connector, channel, [payload("end")]);
			await recorder.saw(stored(last, payload("end")));
			assert.equal(recorder.messages[1], payload("not kept"));
			const { messages } = await history.read(channel, "0-0", 10);
			assert.deepEqual(idsOf(messages), [first, last]);
		},
	},
];

const broken: Case[] = [
	{
		clause: "H7",
		title: "with the broker gone read and head reject in time, and work again when it is back",
		needs: ["broker"],
		async run(kit) {
			const { connector, history } = await kit.keeping();
			const channel = kit.channel();
			await publishAll(connector, channel, numbered(1));
			await kit.stop();
			await rejectBoth(kit, history, "broker gone");
			await kit.start();
			const back = () =>
				history.read(channel, "0-0", 10).then(
					() => true,
					(error: { code?: string }) => {
						assert.equal(error.code, "unavailable");
						return false;
					},
				);
			await until(back, { what: "a read, now that the broker is back" });
		},
	},
	{
		clause: "H7",
		title: "with the broker frozen read and head reject in time",
		needs: ["broker", "freeze"],
		async run(kit) {
			const { connector, history } = await kit.keeping();
			await publishAll(connector, kit.channel(), numbered(1));
			await kit.pause();
			await rejectBoth(kit, history, "broker frozen");
		},
	},
];

async function rejectBoth(kit: Kit, history: History, why: string): Promise<void> {
	const channel = kit.channel();
	await Promise.all([
		kit.rejects(history.read(channel, "0-0", 10), "unavailable", `read, ${why}`),
		kit.rejects(history.head(channel), "unavailable", `head, ${why}`),
	]);
}

const names: Case[] = [
	{
		clause: "S6",
		title: `each of ${hostile.length + 4} hostile names has a history of its own`,
		async run(kit) {
			const { connector, history } = await kit.keeping();
			const all = [...hostile, "x", "{x}", "x}", "{{x}}"];
			const ids = await Promise.all(
				all.map(async (name, n) => (await connector.publish(name, payload(n))).id),
			);
			for (const [n, name] of all.entries()) {
				const { messages } = await history.read(name, "0-0", 10);
				const expected = [{ id: ids[n], payload: stored(ids[n], payload(n)) }];
				const kept = messages.filter((message) => message.payload !== undefined);
				assert.deepEqual(kept, expected, `the channel ${JSON.stringify(name).slice(0, 40)}`);
			}
		},
	},
];

/** H1 to H7: what a connector with history must do besides. */
export const historyCases: Case[] = [
	...publishing,
	...raceCases,
	...historyReadingCases,
	...historyEmptyCases,
	...historyBoundsCases,
	...broken,
	...names,
].map((each) => ({ ...each, needs: ["history", ...(each.needs ?? [])] }));
