import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWorker, type Worker } from "../support/worker.ts";
import { ObjectClient, streamsWorker } from "./fixtures/client.ts";

/**
 * How an object notices that a client has left. It sees a reset connection at once. A closed one is half-open
 * to it, and only the next write finds out. `enable_request_signal` changes nothing: the platform cancels the
 * object's stream either way.
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

		test("a connection that was reset is freed at once, without a write", async () => {
			const objects = new ObjectClient(patient);
			const stream = await objects.socket(...channels);
			for (const each of channels) await objects.holds(each, 1);
			stream.reset();
			for (const each of channels) await objects.holds(each, 0);
		});

		test("a client that closed is freed by the next event", async () => {
			const objects = new ObjectClient(patient);
			const stream = await objects.socket(...channels);
			stream.close();
			await objects.publish(channel, "is anybody there?");
			for (const each of channels) await objects.holds(each, 0);
		});

		test("a client that closed is freed by the keep-alive, when nothing is published", async () => {
			const objects = new ObjectClient(brisk);
			const stream = await objects.socket(...channels);
			for (const each of channels) await objects.holds(each, 1);
			stream.close();
			for (const each of channels) await objects.holds(each, 0);
			expect(stream.events).toEqual([]);
		});
	});

	test("messages() in a Worker ends with its request, at once or by the next message", async () => {
		const objects = new ObjectClient(patient);
		const { leave } = await objects.messages("m");
		await objects.holds("m", 1);
		leave();
		// Without the flag the request's signal never fires.
		if (flags.length === 0) await objects.publish("m", "is anybody there?");
		await objects.holds("m", 0);
	});
});
