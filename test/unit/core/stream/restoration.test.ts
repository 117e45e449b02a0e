import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Connector, HistoryPage } from "../../../../src/core/connector.ts";
import { ConnectorError } from "../../../../src/core/errors.ts";
import type { Client } from "../../../resume/client.ts";
import { until } from "../../../support/wait.ts";
import { open, scene } from "./kit.ts";

const size = 1_000;
const atATime = 32;

/** A broker that answers a read when the test says so. */
class Storm implements Connector {
	readonly name = "storm";
	readonly scope = "process";
	readonly reads: { name: string; answer(): void; fail(): void }[] = [];
	readonly history = {
		head: async () => "1-1",
		read: (name: string, after: string) =>
			new Promise<HistoryPage>((resolve, reject) => {
				const payload = `{"id":"1-2","data":"missed"}`;
				const messages = after === "1-1" ? [{ id: "1-2", payload }] : [];
				this.reads.push({
					name,
					answer: () => resolve({ covered: true, messages, more: false }),
					fail: () => reject(new ConnectorError("unavailable", "still away")),
				});
			}),
	};

	async publish() {
		return { receivers: 1 };
	}

	async subscribe() {
		return { unsubscribe: async () => undefined };
	}

	async close(): Promise<void> {
		for (const { fail } of this.reads.splice(0)) fail();
	}
}

test("of 1,000 channels that are restored at once, 32 read their history at a time, and all recover", async () => {
	const broker = new Storm();
	const it = scene({ connector: broker, keepAlive: 1_000_000 });
	const clients: Client[] = [];
	for (let n = 0; n < size; n++) clients.push(await open(it, `channel=${n}`));
	for (const handlers of it.broker.subscribers.values()) {
		handlers.onLost(new ConnectorError("unavailable", "away"));
	}
	for (const handlers of it.broker.subscribers.values()) {
		handlers.onRestored();
		// A new message arrives at once, and must wait for the missed one.
		handlers.onMessage('{"id":"1-3","data":"live"}');
	}
	const asked = new Set<string>();
	let most = 0;
	const answer = async (how: "answer" | "fail") => {
		most = Math.max(most, broker.reads.length);
		const read = broker.reads.shift();
		if (read !== undefined) asked.add(read.name);
		read?.[how]();
		await Promise.resolve();
	};
	await nextTurn();
	expect(broker.reads.length).toBe(atATime);
	// Failed reads are tried again later, within the same limit.
	for (let n = 0; n < 100; n++) {
		await answer("fail");
		if (broker.reads.length === 0) await nextTurn();
	}
	await until(
		async () => {
			while (broker.reads.length > 0) {
				await answer("answer");
				if (broker.reads.length < atATime) await nextTurn();
			}
			return clients.every(({ events }) => events.length === 2);
		},
		{ what: "all of it for everyone", timeout: 50_000 },
	);
	expect(most).toBe(atATime);
	expect(asked.size).toBe(size);
	for (const { events } of clients) {
		expect(events.map(({ data, id }) => [data, id])).toEqual([
			["missed", "1-2"],
			["live", "1-3"],
		]);
	}
	expect(it.sse.stats()).toMatchObject({ reconnects: size, gaps: 0, messages: 2 * size });
});
