import { afterAll, beforeAll } from "vitest";
import type { Connector } from "../../src/core/connector.ts";
import { Bridge } from "../connectors/fixtures/bridge.ts";
import type { Hold } from "../connectors/fixtures/kept.ts";
import { objectsEnd } from "./objects-end.ts";
import type { Broker } from "./scene.ts";
import { resumeSuite } from "./suite.ts";

/**
 * The resume suite with Durable Objects, and tests for them alone. Either the objects or the Worker hold the
 * streams.
 */
export function objects(hold: Hold): void {
	const bridge = new Bridge({ hold });
	beforeAll(() => bridge.start());
	afterAll(() => bridge.kill());

	const plain = bridge.connect(undefined);

	const broker: Broker = {
		connect: (history: object) => bridge.connect(history),
		foreign: async (_: Connector, channel: string, payload: string) =>
			void (await plain.publish(channel, payload)),
		shared: true,
		readsAlone: hold === "worker" ? "all" : "those of several channels",
		wipe: () => bridge.end("wipe"),
		reads: async () => (await bridge.counts()).reads,
		commands: async () => (await bridge.counts()).publishes,
		reports: () => bridge.reports(),
	};

	resumeSuite(`durable-object, streams held by the ${hold}`, broker);
	objectsEnd(broker, bridge, hold);
}
