import { afterAll, describe, expect, test } from "vitest";
import { type Summary, torture } from "./run.ts";
import { setups } from "./setups.ts";
import { passed, report, table } from "./table.ts";

// The short form of `npm run torture`, always with the same seed. Another: SEED=123 npm run test:torture
const seed = Number(process.env.SEED ?? 22444);

describe(`torture (SEED=${seed})`, () => {
	const summaries: Summary[] = [];

	test.each(setups)(
		"nothing is lost, doubled or out of order: $name",
		async (setup) => {
			const summary = await torture(setup, {
				seed,
				duration: 6_000,
				clients: 200,
				publishers: 4,
				perSecond: 40,
				burstEvery: 3_000,
				patience: 2_500,
			});
			summaries.push(summary);
			// A run in which nothing happened would prove nothing.
			expect.soft(summary.published).toBeGreaterThan(60);
			expect.soft(summary.counts.cuts).toBeGreaterThan(60);
			expect(passed(summary), report(summary)).toBe(true);
			// It takes under 20 s. On a busy machine, starting the processes takes long.
		},
		600_000,
	);

	afterAll(() => console.log(summaries.map(report).join("\n"), `\n\n${table(summaries)}`));
});
