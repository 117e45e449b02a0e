import { describe, test } from "vitest";
import { type ConnectorHarness, connectorContract, type TestRunner } from "../../src/testing.ts";

/**
 * The contract of `src/core/connector.ts`, as tests of vitest. Call it at the top level of a test file. The
 * broker may be started in a `beforeAll`: the harness is only used inside tests.
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
	connectorContract(name, harness, runner);
}
