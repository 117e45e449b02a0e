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
import { runsCases } from "./runs.ts";
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
	...runsCases,
];

/** How long one test may take, in ms. Some wait more than once for a broker to come back. */
const testTimeout = 60_000;

/** The two functions that vitest, `node:test` and `bun:test` share. */
export interface TestRunner {
	/** Opens a group of tests. */
	describe(name: string, register: () => void): unknown;
	/**
	 * Registers a test.
	 *
	 * @param timeout in ms. Outages take longer than some runners' default. `node:test` has none,
	 *   and ignores it.
	 */
	test(name: string, run: () => Promise<void>, timeout: number): unknown;
}

/**
 * Registers the tests of the contract in `Connector`, each under its clause's label. Call it at
 * the top level of a test file. The harness is used only inside tests, so the broker may be
 * started before them.
 *
 * @example
 * ```ts
 * import { describe, test } from "node:test"; // or vitest, or bun:test
 * import { connectorContract } from "edge-sse/testing";
 *
 * connectorContract("mine", {
 * 	connect: () => mine(broker.url),
 * 	broker: { stop: () => broker.kill(), start: () => broker.restart() },
 * 	lacks: {
 * 		...{ receivers: "the broker does not say", freeze: "not tried", numsub: "no such command" },
 * 		...{ clients: "no such command", publishes: "no such command", borrow: "no clients" },
 * 		...{ refused: "no passwords", history: "keeps nothing" },
 * 	},
 * }, { describe, test });
 * ```
 *
 * @throws {Error} when the harness neither offers a capability nor explains its lack.
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
		// The test's own error matters more than any later one.
		await kit.dispose().catch((after) => console.error("After the failure:", after));
		throw error;
	}
	await kit.dispose();
}
