import { expect, test } from "vitest";
import { memory } from "../../src/connectors/memory.ts";
import { Recorder } from "../../src/testing.ts";
import { connectorSuite } from "./suite.ts";

connectorSuite("memory", {
	connect: () => memory(),
	history: { connect: (history) => memory({ history }), runs: true },
	lacks: {
		shared: "each memory() is a broker of its own, inside this process",
		broker: "there is no broker that could be lost or asked",
		borrow: "there is no client to hand in",
		refused: "there is nobody to refuse",
		wipe: "what it keeps cannot be wiped from outside, and a new one has other ids",
	},
});

test("two memory connectors are two brokers", async () => {
	const [one, other] = [memory(), memory()];
	const recorder = new Recorder();
	await one.subscribe("channel", recorder);
	expect(await other.publish("channel", "elsewhere")).toEqual({ receivers: 0 });
	expect(await one.publish("channel", "here")).toEqual({ receivers: 1 });
	expect(recorder.messages).toEqual(["here"]);
});

test("a subscription made within a handler begins with the next message", async () => {
	const connector = memory();
	const late = new Recorder();
	const subscribed: Promise<unknown>[] = [];
	await connector.subscribe("channel", {
		...new Recorder(),
		onMessage: () => {
			subscribed.push(connector.subscribe("channel", late));
		},
	});
	await connector.publish("channel", "first");
	await Promise.all(subscribed);
	expect(late.messages).toEqual([]);
	await connector.publish("channel", "second");
	expect(late.messages).toEqual(["second"]);
});
