import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SocketStream } from "../support/event-stream.ts";
import { startWorker, type Worker } from "../support/worker.ts";
import { ObjectClient, streamsWorker } from "./fixtures/client.ts";

const clients = 1_000;

let worker: Worker;
beforeAll(async () => {
	worker = await startWorker(streamsWorker());
});
afterAll(() => worker.kill());

describe.each([
	// The object's own streams are one subscription of its broker. Each stream of a Worker has a socket.
	{ hold: "object", receivers: 1, messages: 200 },
	{ hold: "worker", receivers: clients, messages: 50 },
] as const)("streams held by the $hold", ({ hold, receivers, messages }) => {
	test(`${clients} clients of one object receive ${messages} messages each, in order, nothing lost`, async () => {
		const objects = new ObjectClient(worker, "Plain", hold);
		const crowd: SocketStream[] = [];
		for (let i = 0; i < clients; i += 100) {
			crowd.push(...(await Promise.all(Array.from({ length: 100 }, () => objects.socket(hold)))));
		}
		const sent = Array.from({ length: messages }, (_, i) => `message ${i}`);
		for (const data of sent) {
			expect(await objects.publish(hold, data)).toEqual({ receivers });
		}
		// The last one first: a client that has it has received all it will get.
		await Promise.all(
			crowd.map((stream) => stream.first(({ data }) => data === sent.at(-1), "the last message")),
		);
		for (const { events } of crowd) expect(events.map(({ data }) => data)).toEqual(sent);
	});
});
