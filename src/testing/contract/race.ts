import type { Connector, History } from "../../core/connector.ts";
import { isAfter } from "../../core/message/position.ts";
import * as assert from "./assert.ts";
import type { Case } from "./kit.ts";
import { until } from "./until.ts";

/** How many publishes each publisher runs at a time. */
const sideBySide = 32;

export const raceCases: Case[] = [
	{
		clause: "H2",
		title: "two publishers race on one channel: the order of ids is the order of delivery, always",
		async run(kit) {
			const total = kit.harness.history?.raced ?? 20_000;
			const { one, other, history } = await kit.keepingPair({ maxLength: total });
			const channel = kit.channel();
			const { recorder } = await kit.listen(one, channel);
			const second = await kit.listen(other, channel);
			const published = await Promise.all([
				race(one, channel, "one", total / 2),
				race(other, channel, "other", total / 2),
			]);
			for (const { messages } of [recorder, second.recorder]) {
				await until(() => messages.length >= total, {
					what: `${total} messages (came: ${messages.length})`,
				});
			}

			const delivered = recorder.messages.map((text) => JSON.parse(text) as Envelope);
			const ids = delivered.map(({ id }) => id);
			const inverted = ids.findIndex((id, n) => n > 0 && !isAfter(id, ids[n - 1] ?? ""));
			assert.equal(inverted, -1, `${ids[inverted]} came after ${ids[inverted - 1]}`);
			assert.deepEqual(second.recorder.messages, recorder.messages);
			const kept = await readAll(history, channel);
			assert.ok(kept.length === total && kept.every((id, n) => id === ids[n]), "as it is stored");
			// Each publisher got the ids of its own messages only.
			const told = new Map(published.flatMap((of) => [...of]));
			assert.equal(told.size, total);
			for (const { id, data } of delivered) assert.equal(told.get(id), data);
		},
	},
];

interface Envelope {
	id: string;
	data: string;
}

/** Publishes this many, several at a time. Returns the data by the id of each publish. */
async function race(connector: Connector, channel: string, name: string, count: number) {
	const told = new Map<string, string>();
	let next = 0;
	const publisher = async () => {
		while (next < count) {
			const data = `${name} ${next++}`;
			const { id = "" } = await connector.publish(channel, JSON.stringify({ data }));
			told.set(id, data);
		}
	};
	await Promise.all(Array.from({ length: sideBySide }, publisher));
	return told;
}

async function readAll(history: History, channel: string): Promise<string[]> {
	const ids: string[] = [];
	let after = "0-0";
	for (let more = true; more; ) {
		const page = await history.read(channel, after, 1_000);
		for (const { id, payload } of page.messages) if (payload !== undefined) ids.push(id);
		({ more } = page);
		after = page.messages.at(-1)?.id ?? after;
	}
	return ids;
}
