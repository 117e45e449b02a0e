import type { History } from "../../core/connector.ts";
import { isWithin } from "../../core/message/position.ts";
import * as assert from "./assert.ts";
import { covers, idsOf, numbered, publishAll } from "./history-kit.ts";
import type { Case } from "./kit.ts";
import { until } from "./until.ts";

const emptyForm = /^~\d{1,15}-\d{1,15}$/;

/** H4 and H5, for channels that keep nothing. */
export const historyEmptyCases: Case[] = [
	{
		clause: "H5",
		title:
			"head of a channel that keeps nothing says when that was seen, and leaves nothing behind",
		async run(kit) {
			const { one, other, history } = await kit.keepingPair();
			const channel = kit.channel();
			const heads = await Promise.all([history.head(channel), other.history?.head(channel)]);
			heads.push(await history.head(channel, 3), await history.head(channel));
			for (const head of heads) {
				assert.ok(emptyForm.test(head ?? ""), `${head} is no empty position`);
				assert.deepEqual(await read(history, channel, head ?? ""), [true, [], false]);
			}
			const ids = await publishAll(one, channel, numbered(2));
			assert.equal(await history.head(channel, 2), await history.head(channel, 2));
			for (const head of heads) {
				assert.deepEqual(await read(history, channel, head ?? ""), [true, ids, false]);
			}
		},
	},
	{
		clause: "H4",
		title: "who saw the channel empty misses nothing until the first message is gone",
		async run(kit) {
			const { connector, history } = await kit.keeping({ maxLength: 3 });
			const channel = kit.channel();
			const head = await history.head(channel);
			const ids = await publishAll(connector, channel, numbered(3));
			assert.deepEqual(await read(history, channel, head), [true, ids, false]);
			for (let more = 0; more < 3; more++) {
				ids.push(...(await publishAll(connector, channel, numbered(1))));
				const { covered, messages } = await history.read(channel, head, 10);
				if (covered) assert.deepEqual(idsOf(messages), ids);
				assert.deepEqual(idsOf(messages).slice(-3), ids.slice(-3));
			}
			assert.equal(await covers(history, channel, head), false, "the first messages are gone");
			assert.equal(await covers(history, channel, "0-0"), true);
		},
	},
	{
		clause: "H4",
		title: "who saw the channel empty before messages that have expired since has missed them",
		async run(kit) {
			const { connector, history } = await kit.keeping({ maxAge: 300 });
			const channel = kit.channel();
			const before = await history.head(channel);
			await publishAll(connector, channel, numbered(2));
			let after = "";
			const expired = async () => {
				after = await history.head(channel);
				return emptyForm.test(after);
			};
			await until(expired, { what: "the channel to be empty again" });
			assert.equal(await covers(history, channel, before), false, "while nothing is kept");
			assert.equal(await covers(history, channel, after), true, "while nothing is kept");
			const ids = await publishAll(connector, channel, numbered(1));
			assert.deepEqual(await read(history, channel, before), [false, ids, false]);
			assert.deepEqual(await read(history, channel, after), [true, ids, false]);
		},
	},
	{
		clause: "H4",
		title: "times at which nobody can have seen the channel empty are not covered",
		async run(kit) {
			const { connector, history } = await kit.keeping();
			const channel = kit.channel();
			for (let round = 0; round < 2; round++) {
				for (const position of ["~0-0", "~1-1", "~999999999999999-0"]) {
					assert.equal(await covers(history, channel, position), false, position);
				}
				await publishAll(connector, channel, numbered(1));
			}
		},
	},
	{
		clause: "H4",
		title: "a page from the beginning says which empty positions it covers, and no other page does",
		async run(kit) {
			const { connector, history } = await kit.keeping({ maxLength: 2 });
			const channel = kit.channel();
			const head = await history.head(channel);
			const agrees = async (expected: boolean) => {
				for (const from of ["0-0", head]) {
					const { empty } = await history.read(channel, from, 1);
					const within = empty !== undefined && isWithin(head, empty.from, empty.to);
					assert.equal(within, expected, `of the page from ${from}`);
				}
				assert.equal(await covers(history, channel, head), expected);
			};
			await agrees(true);
			const [id = ""] = await publishAll(connector, channel, numbered(2));
			await agrees(true);
			assert.equal((await history.read(channel, id, 1)).empty, undefined);
			await publishAll(connector, channel, numbered(2));
			await agrees(false);
		},
	},
];

async function read(history: History, channel: string, after: string) {
	const { covered, messages, more } = await history.read(channel, after, 10);
	return [covered, idsOf(messages), more];
}
