import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWorker, type Worker } from "../support/worker.ts";
import { ObjectClient, streamsWorker } from "./fixtures/client.ts";

/**
 * How an object hears that a client has left. A connection that was reset is known to be gone at once; a
 * closed one only looks half-closed, and is found out by the next write. `enable_request_signal` makes
 * no difference to that: the platform cancels the object's stream with or without it.
 */
describe.each([
	{ title: "with enable_request_signal", flags: ["enable_request_signal"] },
	{ title: "without enable_request_signal", flags: [] },
])("$title", ({ flags }) => {
	let patient: Worker;
	let brisk: Worker;
	beforeAll(async () => {
		[patient, brisk] = await Promise.all([
			startWorker(streamsWorker({ flags })),
			startWorker(streamsWorker({ flags, keepAlive: 400 })),
		]);
	});
	afterAll(() => Promise.all([patient.kill(), brisk.kill()]));

	describe.each([
		{ kind: "one channel", channels: ["a"] },
		{ kind: "two channels", channels: ["a", "b"] },
	])("$kind", ({ channels }) => {
		const [channel = ""] = channels;

		test("a connection that was reset is freed at once, with no write", async () => {
			const objects = new ObjectClient(patient);
			const stream = await objects.socket(...channels);
			for (const each of channels) await objects.holds(each, 1);
			stream.reset();
			for (const each of channels) await objects.holds(each, 0);
		});

		test("a client that closed is freed with the next event", async () => {
			const objects = new ObjectClient(patient);
			const stream = await objects.socket(...channels);
			stream.close();
			await objects.publish(channel, "is anybody there?");
			for (const each of channels) await objects.holds(each, 0);
		});

		test("or by the keep-alive, when nothing is published", async () => {
			const objects = new ObjectClient(brisk);
			const stream = await objects.socket(...channels);
			for (const each of channels) await objects.holds(each, 1);
			stream.close();
			for (const each of channels) await objects.holds(each, 0);
			expect(stream.events).toEqual([]);
		});
	});

	test("messages() in a Worker ends with the request that reads them, at once or with the next message", async () => {
		const objects = new ObjectClient(patient);
		const { leave } = await objects.messages("m");
		await objects.holds("m", 1);
		leave();
		// Without the flag the request's signal says nothing.
		if (flags.length === 0) await objects.publish("m", "is anybody there?");
		await objects.holds("m", 0);
	});
});
