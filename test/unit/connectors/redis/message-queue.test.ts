import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { MessageQueue } from "../../../../src/connectors/redis/message-queue.ts";

/** An queue, and what it has handed on. */
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

test("a limited number of messages goes per turn, and later ones wait behind them", async () => {
	const { told, bring, messages } = scene();
	bring(1_200);
	expect(told).toHaveLength(500);
	await nextTurn();
	expect(told).toHaveLength(1_000);
	bring(10);
	expect(told).toHaveLength(1_000);
	await nextTurn();
	expect(told).toEqual(messages(1_210));
	// Of this turn's there are some left; in the next it is as it was in the beginning.
	bring(300);
	expect(told).toEqual(messages(1_500));
	await nextTurn();
	await nextTurn();
	bring(500);
	expect(told).toEqual(messages(2_010));
});

test("messages of earlier turns count, until so many have come that it counts anew", async () => {
	const { told, bring, messages } = scene();
	for (let turn = 0; turn < 12; turn++) {
		bring(100);
		await nextTurn();
	}
	expect(told).toEqual(messages(1_200));
	bring(1_000);
	// Never fewer than half of what a turn may take.
	expect(told.length).toBeGreaterThanOrEqual(1_450);
	expect(told.length).toBeLessThanOrEqual(1_700);
	await nextTurn();
	await nextTurn();
	expect(told).toEqual(messages(2_200));
});

test("of very many a part goes in a turn, so that however fast they come there is an end", async () => {
	const { told, bring, messages } = scene();
	bring(100_000);
	for (const left of [74_625, 55_968, 41_976]) {
		await nextTurn();
		expect(100_000 - told.length).toBe(left);
	}
	while (told.length < 100_000) await nextTurn();
	expect(told).toEqual(messages(100_000));
});

test("what waits comes before the word that the connection is lost, or that the channel has moved", () => {
	const { queue, told, bring, messages } = scene();
	bring(600);
	queue.onMoved("b");
	bring(100);
	queue.onLost("gone");
	expect(told).toEqual([...messages(600), "b moved", ...messages(700).slice(600), "lost: gone"]);
});
