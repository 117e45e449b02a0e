import { expect, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { ConnectorError } from "../../../src/core/errors.ts";
import { setUp, source } from "./kit.ts";

/** A broker that stays open when one instance closes. */
function sharedBroker() {
	const connector = memory({ history: {} });
	vi.spyOn(connector, "close").mockResolvedValue();
	return connector;
}

test("close() ends the runs of its producers, so that readers elsewhere need not wait for the lease", async () => {
	const connector = sharedBroker();
	const [one, other] = [
		setUp({ batch: { wait: 10_000 } }, { connector }),
		setUp({}, { connector }),
	];
	const producer = source();
	const { done } = await one.runs.start("a", producer.run);
	producer.say("so far");
	const reading = other.runs.read("a");
	expect((await reading.next()).value).toMatchObject({ data: "so far" });
	producer.say(" and what was not sent yet");
	await new Promise((resolve) => setTimeout(resolve, 10));
	await one.sse.close();
	const end = { status: "error", reason: "The producer's process has ended." };
	expect(await done).toEqual(end);
	expect(producer.signal?.reason).toMatchObject({ code: "closed" });
	expect((await reading.next()).value).toMatchObject({ data: " and what was not sent yet" });
	expect(await reading.next()).toEqual({ done: true, value: end });
	// Ending a run on close() is not an error to report.
	expect(one.errors).toEqual([]);
});

test("during a drain producers go on, and may end by themselves", async () => {
	const connector = sharedBroker();
	const { runs, sse } = setUp({}, { connector });
	const producer = source();
	const { done } = await runs.start("a", producer.run);
	await runs.stream(new Request("http://localhost/"), "a");
	const closed = sse.close({ drain: 300 });
	producer.say("the rest");
	producer.end();
	expect(await done).toEqual({ status: "done" });
	await closed;
});

test("close() does not wait long for an unavailable broker", async () => {
	const connector = sharedBroker();
	const { runs, sse, errors } = setUp({}, { connector });
	const producer = source();
	await runs.start("a", producer.run);
	if (connector.runs === undefined) throw new Error("It has them.");
	const away = async () => {
		throw new ConnectorError("unavailable", "It is away.");
	};
	vi.spyOn(connector.runs, "append").mockImplementation(away);
	vi.spyOn(connector.runs, "finish").mockImplementation(away);
	producer.say("lost");
	await sse.close();
	expect(errors).toEqual([]);
});

test("a run that starts while close() ends the others is ended, too", async () => {
	const connector = sharedBroker();
	const { runs, sse } = setUp({}, { connector });
	const { runs: store } = connector;
	if (store === undefined) throw new Error("It has them.");
	await runs.start("a", source().run);
	const finish = store.finish.bind(store);
	let second: Promise<{ status: string } | undefined> | undefined;
	vi.spyOn(store, "finish").mockImplementationOnce(async (...args) => {
		second = (await runs.start("b", source().run)).done;
		return finish(...args);
	});
	await sse.close();
	expect(await second).toMatchObject({ status: "error" });
});
