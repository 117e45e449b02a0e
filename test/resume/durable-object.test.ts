import { afterAll, beforeAll } from "vitest";
import type { Connector } from "../../src/core/connector.ts";
import { Bridge } from "../connectors/fixtures/bridge.ts";
import { objectsEnd } from "./objects-end.ts";
import { resumeSuite } from "./suite.ts";

const bridge = new Bridge();
beforeAll(() => bridge.start());
afterAll(() => bridge.kill());

const plain = bridge.connect(undefined);

const broker = {
	connect: (history: object) => bridge.connect(history),
	foreign: async (_: Connector, channel: string, payload: string) =>
		void (await plain.publish(channel, payload)),
	shared: true,
	wipe: () => bridge.end("wipe"),
	reads: async () => (await bridge.counts()).reads,
	commands: async () => (await bridge.counts()).publishes,
	reports: () => bridge.reports(),
};

resumeSuite("durable-object", broker);
objectsEnd(broker, bridge);
