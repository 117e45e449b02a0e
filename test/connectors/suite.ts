import { describe, test } from "vitest";
import { contract, type TestRunner } from "./suite/contract.ts";
import type { ConnectorHarness } from "./suite/harness.ts";

export type {
	Borrowed,
	BrokerControl,
	Capability,
	ConnectorHarness,
	HistoryControl,
} from "./suite/harness.ts";

/**
 * The contract of `src/connector.ts`, as tests. Call it at the top level of a test file; the broker
 * may be started in a `beforeAll`, for the harness is only used inside tests.
 *
 * ```ts
 * let server: RedisServer;
 * beforeAll(async () => { server = await startRedis(); });
 * afterAll(() => server.stop());
 *
 * connectorSuite("redis", {
 *   connect: () => redis(server.url),
 *   broker: { stop: () => server.kill(), start: () => server.restart(), … },
 *   lacks: { borrow: "…why" },
 * });
 * ```
 */
export function connectorSuite(
	name: string,
	harness: ConnectorHarness,
	runner: TestRunner = { describe, test },
): void {
	contract(name, harness, runner);
}
