import { batchCases } from "./batches.ts";
import { nameCases } from "./channel-names.ts";
import { checkCases } from "./check.ts";
import { closeCases } from "./close.ts";
import { everywhereCases } from "./everywhere.ts";
import { type ConnectorHarness, capabilities } from "./harness.ts";
import { historyCases } from "./history.ts";
import { type Case, Kit } from "./kit.ts";
import { lossCases } from "./loss.ts";
import { publishCases } from "./publish.ts";
import { subscribeCases } from "./subscribe.ts";
import { unsubscribeCases } from "./unsubscribe.ts";

const cases: readonly Case[] = [
	...everywhereCases,
	...publishCases,
	...subscribeCases,
	...lossCases,
	...nameCases,
	...unsubscribeCases,
	...checkCases,
	...closeCases,
	...historyCases,
	...batchCases,
];

/** Of one test, in ms: some wait for a broker to come back more than once. */
const testTimeout = 60_000;

/** The two functions that vitest, `node:test` and `bun:test` have in common. */
export interface TestRunner {
	describe(name: string, register: () => void): unknown;
	/** @param timeout in ms: outages take longer than some runners' default; `node:test` has none, and ignores it. */
	test(name: string, run: () => Promise<void>, timeout: number): unknown;
}

/**
 * Registers the tests of the contract that `Connector` spells out, each under its clause's label. Call it at the top
 * level of a test file: the harness is used inside tests only, so the broker may be started before them.
 *
 * ```ts
 * import { describe, test } from "node:test"; // or vitest, or bun:test
 *
 * connectorContract("nats", {
 *   connect: () => nats(server.url),
 *   broker: { stop: () => server.kill(), start: () => server.restart() },
 *   lacks: { receivers: "core NATS does not tell" },
 * }, { describe, test });
 * ```
 *
 * @throws when the harness neither offers a capability nor says why it lacks it.
 */
export function connectorContract(
	name: string,
	harness: ConnectorHarness,
	runner: TestRunner,
): void {
	const here = capabilities(name, harness);
	runner.describe(`the connector contract: ${name}`, () => {
		for (const { clause, title, needs = [], run } of cases) {
			if (!needs.every((capability) => here.has(capability))) continue;
			runner.test(`${clause}. ${title}`, () => attempt(run, new Kit(harness, here)), testTimeout);
		}
	});
}

async function attempt(run: Case["run"], kit: Kit): Promise<void> {
	try {
		await run(kit);
	} catch (error) {
		// The test's own error is the one to see, whatever it left behind.
		await kit.dispose().catch((after) => console.error("After the failure:", after));
		throw error;
	}
	await kit.dispose();
}
