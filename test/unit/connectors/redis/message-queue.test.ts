import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { MessageQueue } from "../../../../src/connectors/redis/message-queue.ts";

/** A queue, and what it has handed on. */
function scene() {
	const told: string[] = [];
	const queue = new MessageQueue({
		onMessage: (channel, payload) => void told.push(`${channel}: ${payload}`),
		onLost: (error) => void told.push(`lost: ${error}`),
		onMoved: (channel) => void told.push(`${channel} moved`),
	});
	let sent = 0;
	const bring = (count: number) => {
		for (let n = 0; n < count; n++) queue.onMessage("a", String(sent++));
	};
	const messages = (count: number) => Array.from({ length: count }, (_, n) => `a: ${n}`);
	return { queue, told, bring, messages };
}

test("the queue hands on 500 messages per turn and keeps the order", async () => {
	const { told, bring, messages } = scene();
	bring(1_200);
	expect(told).toHaveLength(500);
	await nextTurn();
	expect(told).toHaveLength(1_000);
	bring(10);
	expect(told).toHaveLength(1_000);
	await nextTurn();
	expect(told).toEqual(messages(1_210));
	// The rest of this turn's allowance is used up, and the next turn has a full one again.
	bring(300);
	expect(told).toEqual(messages(1_500));
	await nextTurn();
	await nextTurn();
	bring(500);
	expect(told).toEqual(messages(2_010));
});

test("messages of earlier turns count against the allowance until it is renewed", async () => {
	const { told, bring, messages } = scene();
	for (let turn = 0; turn < 12; turn++) {
		bring(100);
		await nextTurn();
	}
	expect(told).toEqual(messages(1_200));
	bring(1_000);
	// Never fewer than half of a full allowance.
	expect(told.length).toBeGreaterThanOrEqual(1_450);
	expect(told.length).toBeLessThanOrEqual(1_700);
	await nextTurn();
	await nextTurn();
	expect(told).toEqual(messages(2_200));
});

test("of a large backlog each turn takes a quarter, so that it drains however fast messages come", async () => {
	const { told, bring, messages } = scene();
	bring(100_000);
	for (const left of [74_625, 55_968, 41_976]) {
		await nextTurn();
		expect(100_000 - told.length).toBe(left);
	}
	while (told.length < 100_000) await nextTurn();
	expect(told).toEqual(messages(100_000));
});

test("waiting messages come before the news that the connection is lost or the channel moved", () => {
	const { queue, told, bring, messages } = scene();
	bring(600);
	queue.onMoved("b");
	bring(100);
	queue.onLost("gone");
	expect(told).toEqual([...messages(600), "b moved", ...messages(700).slice(600), "lost: gone"]);
});
