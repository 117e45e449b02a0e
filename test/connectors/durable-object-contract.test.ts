import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorker, type Worker } from "../support/worker.ts";
import { durableObjectHarness } from "./fixtures/harness.ts";
import { connectorSuite } from "./suite.ts";

/**
 * The suite of every connector, run where this one is used. Each test is registered here and executed by a
 * Worker in workerd, in a request of its own.
 */
let worker: Worker;
beforeAll(async () => {
	worker = await startWorker({
		entry: "test/connectors/fixtures/contract.ts",
		objects: { SSE: "ControlledChannel" },
	});
});
afterAll(() => worker.kill());

const names = new Set<string>();
let registered = 0;
const harness = durableObjectHarness(
	{ down: false, publishes: 0, held: new Map(), channels: new Set() },
	() => {
		throw new Error("The suite runs inside the Worker.");
	},
);
connectorSuite("durable-object, in workerd", harness, {
	describe: (_, register) => register(),
	test: (name) => {
		names.add(name);
		registered++;
		test(name, async () => {
			expect(await inWorker(name)).toEqual({});
		});
	},
});

async function inWorker(name: string): Promise<{ error?: string }> {
	const response = await fetch(`${worker.url}/?test=${encodeURIComponent(name)}`);
	return (await response.json()) as { error?: string };
}

test("each test of the suite has a unique name, by which the Worker finds it", () => {
	expect(names.size).toBe(registered);
	expect(registered).toBeGreaterThan(40);
});

test("a test that fails in the Worker fails here", async () => {
	expect((await inWorker("a control that fails")).error).toContain("as it should");
	expect((await inWorker("no such test")).error).toBe("There is no such test.");
});

test("an unhandled rejection in the Worker is seen", async () => {
	expect(await inWorker("a control that leaves a rejection")).toEqual({});
	expect(await inWorker("nobody looked at this")).toEqual({});
});
