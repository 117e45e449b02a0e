import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { HistoryOptions } from "../../../src/core/connector.ts";
import { ConnectorError, ServerSentEvents } from "../../../src/exports.ts";
import {
	type ConnectorHarness,
	connectorContract,
	Recorder,
	readMessages,
	type TestBroker,
	testBroker,
} from "../../../src/testing.ts";

const lacks = {
	freeze: "its calls are answered at once",
	numsub: "there is nobody to ask",
	clients: "there are no connections",
	publishes: "there is nobody to ask",
	borrow: "there is no client to hand in",
	wipe: "what it keeps cannot be wiped from outside",
};

// The test broker is held to the contract like every connector. This also runs the suite without a real broker.
const plain = testBroker();
connectorContract(
	"testBroker()",
	{ ...harnessOf([plain]), lacks: { ...lacks, history: "the next one has it" } },
	{ describe, test },
);

const keeping = [plain];
connectorContract(
	"testBroker({ history })",
	{
		...harnessOf(keeping),
		history: { connect: onNewBroker },
		lacks: {
			...lacks,
			runs: "it keeps messages alone",
			shared: "each that keeps messages has a broker to itself",
			receivers: "the others' were counted above",
		},
	},
	{ describe, test },
);

function onNewBroker(history: HistoryOptions) {
	const broker = testBroker({ history });
	keeping.push(broker);
	return broker.connect();
}

function harnessOf(brokers: TestBroker[]): Omit<ConnectorHarness, "lacks"> {
	return {
		connect: () => plain.connect(),
		broker: {
			stop: async () => {
				for (const broker of brokers) broker.down();
			},
			start: async () => {
				for (const broker of brokers) broker.up();
			},
		},
		refused: () => {
			const refusing = testBroker();
			const error = new ConnectorError("refused", "No.");
			for (const call of ["publish", "subscribe"] as const) refusing.fail(call, error, 10);
			return refusing.connect();
		},
	};
}

test("down(), up(), fail() and end() act on a ServerSentEvents as a broker does", async () => {
	const onError = vi.fn();
	const broker = testBroker({ history: {} });
	const sse = new ServerSentEvents({ connector: broker.connect(), linger: 0, onError });
	onTestFinished(() => sse.close());
	const open = async (path: string) =>
		readMessages(await sse.fetch(new Request(`http://localhost/${path}`)));
	const messages = await open("");
	await sse.publish("before");

	broker.down();
	await expect(sse.publish("x")).rejects.toMatchObject({ code: "unavailable" });
	const turnedAway = await open("?channel=other");
	await turnedAway.end();
	expect(turnedAway.retry).toBeGreaterThanOrEqual(2_000);
	await broker.publish("sse", '{"data":"meanwhile"}');
	broker.up();
	await sse.publish("after");
	expect((await messages.nth(3)).data).toBe("after");
	expect(messages.received.map(({ data }) => data)).toEqual(["before", "meanwhile", "after"]);

	broker.fail("publish", new ConnectorError("refused", "No permission."), 2);
	for (const _ of [1, 2]) await expect(sse.publish("x")).rejects.toThrow("No permission.");
	await sse.publish("again");
	expect((await messages.nth(4)).data).toBe("again");

	await broker.publish("sse", "no message");
	expect(onError).toHaveBeenLastCalledWith(expect.objectContaining({ code: "bad_message" }), {
		stage: "decode",
		channel: "sse",
	});
	await broker.end();
	await messages.end();
	expect(messages.retry).toBeGreaterThan(0);
	expect(onError).toHaveBeenLastCalledWith(expect.objectContaining({ code: "refused" }), {
		stage: "upstream",
		channel: "sse",
	});
});

test("fail() makes the next such call fail once, whichever connector makes it", async () => {
	const broker = testBroker({ history: {} });
	const [one, other] = [broker.connect(), broker.connect()];
	for (const call of ["publish", "subscribe", "check", "history"] as const) broker.fail(call);
	const unavailable = { code: "unavailable" };
	await expect(one.check?.()).rejects.toMatchObject(unavailable);
	await other.check?.();
	await expect(other.publish("a", "{}")).rejects.toMatchObject(unavailable);
	expect(await one.publish("a", "{}")).toMatchObject({ receivers: 0 });
	await expect(one.subscribe("a", new Recorder())).rejects.toMatchObject(unavailable);
	const { unsubscribe } = await one.subscribe("a", new Recorder());
	expect(await one.publish("a", "{}")).toMatchObject({ receivers: 1 });
	await expect(one.history?.head("a")).rejects.toMatchObject(unavailable);
	expect((await one.history?.read("a", "0-0", 9))?.messages).toHaveLength(2);
	await unsubscribe();
	await other.subscribe("a", new Recorder());
	await other.close();
	expect(await one.publish("a", "{}")).toMatchObject({ receivers: 0 });
});
