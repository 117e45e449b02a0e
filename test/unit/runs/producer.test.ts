import { expect, onTestFinished, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { ConnectorError, type ConnectorErrorCode } from "../../../src/core/errors.ts";
import { until } from "../../support/wait.ts";
import { setUp, source } from "./kit.ts";

test("a source stream that fails is reported once", async () => {
	const { runs, errors } = setUp();
	const stream = new ReadableStream({
		start: (controller) => controller.enqueue("one"),
		pull: (controller) => controller.error(new Error("secret")),
	});
	const { done } = await runs.start("a", () => stream);
	expect(await done).toEqual({ status: "error" });
	// A second report would come by then.
	await new Promise((resolve) => setTimeout(resolve, 10));
	expect(errors).toEqual([new Error("secret")]);
});

/** A broker where every subscription fails. */
function deaf(code: ConnectorErrorCode) {
	const connector = memory({ history: {} });
	let tries = 0;
	const subscribe = async () => {
		tries++;
		throw new ConnectorError(code, "Not now.");
	};
	return { connector: Object.assign(connector, { subscribe }), tries: () => tries };
}

test("a producer that may not subscribe tries once, is reported once, and still hears of a cancel", async () => {
	const { connector, tries } = deaf("refused");
	const { runs, errors } = setUp({ batch: { wait: 10 } }, { connector });
	const producer = source();
	const { done } = await runs.start("a", producer.run);
	// Longer than the pause before another try.
	await new Promise((resolve) => setTimeout(resolve, 700));
	expect(tries()).toBe(1);
	expect(errors).toEqual([expect.objectContaining({ code: "refused" })]);
	await runs.cancel("a", "enough");
	producer.say("one");
	expect(await done).toEqual({ status: "cancelled", reason: "enough" });
});

test("repeated tries to subscribe add no listeners", async () => {
	const { connector, tries } = deaf("unavailable");
	const added = vi.spyOn(AbortSignal.prototype, "addEventListener");
	const removed = vi.spyOn(AbortSignal.prototype, "removeEventListener");
	onTestFinished(() => void vi.restoreAllMocks());
	const { runs } = setUp({}, { connector });
	const producer = source();
	const { done } = await runs.start("a", producer.run);
	await until(() => tries() === 1, { what: "the first try" });
	const before = added.mock.calls.length - removed.mock.calls.length;
	await until(() => tries() === 3, { what: "two more" });
	expect(added.mock.calls.length - removed.mock.calls.length).toBeLessThanOrEqual(before);
	producer.end();
	await done;
});
