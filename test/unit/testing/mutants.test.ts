import { test } from "vitest";
import { connectorContract, testBroker } from "../../../src/testing.ts";
import { brokenHistory } from "./broken-history.ts";
import { brokenMessages } from "./broken-messages.ts";
import { secret } from "./mutation.ts";

/**
 * Each of these connectors breaks one clause of the contract, and the tests of that clause must find it. A
 * suite that cannot fail would prove nothing.
 */
test.for([...brokenMessages, ...brokenHistory])(
	"%s finds a connector that %s",
	async ([clause, , mutate]) => {
		const plain = testBroker();
		const kept = testBroker({ history: { maxLength: 9 } });
		const cases: { name: string; run: () => Promise<void> }[] = [];
		const has = "it is not what this is about";
		const broker = {
			stop: async () => {
				plain.down();
				kept.down();
			},
			start: async () => {
				plain.up();
				kept.up();
			},
		};
		connectorContract(
			"a mutant",
			{
				connect: () => mutate(plain.connect(), plain),
				history: { connect: () => mutate(kept.connect(), kept) },
				broker,
				secrets: [secret],
				lacks: {
					...{ freeze: has, numsub: has, clients: has, publishes: has },
					...{ borrow: has, refused: has, runs: has, wipe: has },
				},
			},
			{
				describe: (_, register) => register(),
				test: (name, run) => cases.push({ name, run }),
			},
		);
		for (const { name, run } of cases) {
			if (!name.startsWith(`${clause}.`)) continue;
			const found = await run().then(
				() => false,
				() => true,
			);
			if (found) return;
		}
		throw new Error(`No test of ${clause} found it.`);
	},
);
