import * as assert from "./assert.ts";
import { covers, idsOf, numbered, payload, publishAll } from "./history-kit.ts";
import type { Case } from "./kit.ts";
import { until } from "./until.ts";

/** H6. */
export const historyBoundsCases: Case[] = [
	{
		clause: "H6",
		title:
			"`maxLength` messages of each channel are kept, and a client that saw the one before misses none",
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
		title: "in a channel that goes on, messages are gone after `maxAge`, and the newer ones stay",
		async run(kit) {
			const { connector, history } = await kit.keeping({ maxAge: 400 });
			const channel = kit.channel();
			const [old = ""] = await publishAll(connector, channel, numbered(1));
			let newest = "";
			const gone = async () => {
				[newest = ""] = await publishAll(connector, channel, [payload("still here")]);
				return !(await covers(history, channel, old));
			};
			await until(gone, { what: "the oldest message to expire" });
			const { messages } = await history.read(channel, "0-0", 1_000);
			assert.equal(idsOf(messages).at(-1), newest);
			assert.ok(!idsOf(messages).includes(old));
		},
	},
	{
		clause: "H6",
		title: "in a channel that has fallen silent, messages are gone after `maxAge` by themselves",
		async run(kit) {
			const { connector, history } = await kit.keeping({ maxAge: 200 });
			const channel = kit.channel();
			const [last = ""] = await publishAll(connector, channel, numbered(3));
			const empty = async () => (await history.read(channel, "0-0", 10)).messages.length === 0;
			await until(empty, { what: "the silent channel to be empty" });
			assert.equal(await covers(history, channel, last), false);
		},
	},
	{
		clause: "H6",
		title: "limits that are no whole numbers of 1 or more are a TypeError that names the option",
		async run(kit) {
			for (const name of ["maxLength", "maxAge"] as const) {
				for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
					const error = await kit.keeping({ [name]: value }).then(
						() => undefined,
						(reason: unknown) => reason,
					);
					assert.ok(error instanceof TypeError, `history.${name}: ${value} must be a TypeError`);
					assert.ok(error.message.includes(`history.${name}`), error.message);
				}
			}
		},
	},
];
