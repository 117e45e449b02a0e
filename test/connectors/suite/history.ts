import assert from "node:assert/strict";
import type { Connector, History, KeptMessage } from "../../../src/connector.ts";
import { until } from "../../support/wait.ts";
import type { Case, Kit } from "./kit.ts";
import { hostile } from "./names.ts";
import { raceCases } from "./race.ts";

/** A payload as the core makes them: an object, for the id goes in place of its opening brace. */
const payload = (data: unknown) => JSON.stringify({ data });

/** The payload as subscribers and readers receive it. */
const stored = (id: string | undefined, text: string) => `{"id":"${id}",${text.slice(1)}`;

/** Publishes one after the other; the ids. */
async function publishAll(connector: Connector, channel: string, payloads: readonly string[]) {
	const ids: string[] = [];
	for (const each of payloads) {
		const { id } = await connector.publish(channel, each);
		assert.ok(id !== undefined, "with history a publish resolves to an id");
		ids.push(id);
	}
	return ids;
}

const numbered = (count: number) => Array.from({ length: count }, (_, n) => payload(n));

const idsOf = (messages: readonly KeptMessage[]) =>
	messages.flatMap(({ id, payload: text }) => (text === undefined ? [] : id));

/** Whether the store still has everything after the position. */
async function covers(history: History, channel: string, position: string): Promise<boolean> {
	return (await history.read(channel, position, 10)).covered;
}

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
				onLost: assert.ifError,
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

const reading: Case[] = [
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
		title:
			"page by page from the start, everything comes once, a reader's place of waiting included",
		async run(kit) {
			const { connector, history } = await kit.keeping();
			const channel = kit.channel();
			await history.head(channel); // readers that wait for the first message leave a trace in some stores
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
			const nothing = { covered: true, messages: [], more: false };
			assert.deepEqual(await history.read(channel, "0-0", 10), nothing);
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
			// In the same millisecond two channels may give the same id; any other will do.
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
			// And yet they are told what there is after it.
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
			const before = [await history.head(channel)];
			before.push(...(await publishAll(connector, channel, numbered(3))));
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
];

const heads: Case[] = [
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
		title:
			"at the head of an empty channel one can wait for the first messages, none of which is missed",
		async run(kit) {
			const { one, other, history } = await kit.keepingPair({ maxLength: 3 });
			const channel = kit.channel();
			const heads = await Promise.all([history.head(channel), other.history?.head(channel)]);
			const [head = ""] = heads;
			assert.deepEqual(new Set(heads).size, 1, "two who wait at once wait at the same place");
			assert.equal(await history.head(channel), head);
			const empty = await history.read(channel, head, 10);
			assert.deepEqual(empty, { covered: true, messages: [], more: false });
			const ids = await publishAll(one, channel, numbered(3));
			const page = await history.read(channel, head, 10);
			assert.equal(page.covered, true);
			assert.deepEqual(idsOf(page.messages), ids);
			await publishAll(one, channel, numbered(1));
			assert.equal(await covers(history, channel, head), false, "the first message is gone");
		},
	},
	{
		clause: "H5",
		title: "with `back`, head is the position before the newest `back` messages",
		async run(kit) {
			const { connector, history } = await kit.keeping();
			const channel = kit.channel();
			assert.equal(await history.head(channel, 3), "0-0");
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

const bounds: Case[] = [
	{
		clause: "H6",
		title:
			"of each channel `maxLength` messages are kept, and whoever has seen the one before them misses none",
		async run(kit) {
			const { connector, history } = await kit.keeping({ maxLength: 5 });
			const [busy, quiet] = [kit.channel(), kit.channel()];
			const [kept = ""] = await publishAll(connector, quiet, numbered(1));
			const ids = await publishAll(connector, busy, numbered(40));
			const { messages } = await history.read(busy, "0-0", 100);
			assert.ok(messages.length === 5 || messages.length === 6, `${messages.length} messages`);
			assert.deepEqual(idsOf(messages).slice(-5), ids.slice(-5));
			const page = await history.read(busy, ids.at(-6) ?? "", 10);
			assert.equal(page.covered, true, "exactly at the boundary nothing is missing");
			assert.deepEqual(idsOf(page.messages), ids.slice(-5));
			assert.equal(await covers(history, busy, ids.at(-7) ?? ""), false);
			assert.equal(await covers(history, quiet, kept), true, "another channel's is its own");
		},
	},
	{
		clause: "H6",
		title:
			"messages are gone after `maxAge`, in a channel that goes on and in one that has fallen silent",
		async run(kit) {
			const { connector, history } = await kit.keeping({ maxAge: 400 });
			const [busy, silent] = [kit.channel(), kit.channel()];
			const [old = ""] = await publishAll(connector, busy, numbered(1));
			const [last = ""] = await publishAll(connector, silent, numbered(1));
			let newest = "";
			const gone = async () => {
				[newest = ""] = await publishAll(connector, busy, [payload("still here")]);
				return !(await covers(history, busy, old));
			};
			await until(gone, { what: "the oldest message to expire" });
			const { messages } = await history.read(busy, "0-0", 1_000);
			assert.equal(idsOf(messages).at(-1), newest);
			assert.ok(!idsOf(messages).includes(old));
			const empty = async () => (await history.read(silent, "0-0", 10)).messages.length === 0;
			await until(empty, { what: "the silent channel to be empty" });
			assert.equal(await covers(history, silent, last), false);
		},
	},
	{
		clause: "H6",
		title: "limits that are no whole numbers of 1 or more are a TypeError that names the option",
		async run(kit) {
			for (const name of ["maxLength", "maxAge"] as const) {
				for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
					const constructing = async () => void (await kit.keeping({ [name]: value }));
					await assert.rejects(constructing, (error: Error) => {
						assert.ok(error instanceof TypeError);
						return error.message.includes(`history.${name}`);
					});
				}
			}
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
			await until(back, { timeout: 15_000, what: "a read, now that the broker is back" });
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
				assert.deepEqual(messages, expected, `the channel ${JSON.stringify(name).slice(0, 40)}`);
			}
		},
	},
];

/** H1 to H7: what a connector that keeps messages must do besides. */
export const historyCases: Case[] = [
	...publishing,
	...raceCases,
	...reading,
	...heads,
	...bounds,
	...broken,
	...names,
].map((each) => ({ ...each, needs: ["history", ...(each.needs ?? [])] }));
