/**
 * The long run: `npm run fuzz -- [--cases 1000000] [--seed 1]`. It runs in rounds, each with a seed of its own,
 * so that one round can be repeated without the earlier ones.
 */
import { parseArgs } from "node:util";
import { openFuzz } from "./round.ts";

const { values } = parseArgs({
	options: {
		cases: { type: "string", default: "1000000" },
		seed: { type: "string", default: String(Date.now() % 1_000_000) },
	},
});
const [cases, seed] = [values.cases, values.seed].map(Number);
if (!Number.isSafeInteger(cases) || !Number.isSafeInteger(seed) || !(Number(cases) > 0)) {
	throw new TypeError("--cases and --seed must be whole numbers.");
}
const roundCases = 10_000;

await main(Number(cases), Number(seed));

async function main(cases: number, seed: number): Promise<void> {
	const fuzz = await openFuzz();
	process.once("SIGINT", () => process.exit(130));
	console.log(`${cases} cases, seed ${seed}`);
	const begun = performance.now();
	try {
		for (let done = 0, round = 0; done < cases; round++) {
			const here = Math.min(roundCases, cases - done);
			for (const step of [fuzz.readers, ...fuzz.others]) {
				try {
					await step.run(seed + round, here);
				} catch (error) {
					console.error(`\n✗ ${step.name}\n`, error);
					console.error(
						`Again: npm run fuzz -- --seed ${seed + round} --cases ${here} (after ${done} cases)`,
					);
					process.exitCode = 1;
					return;
				}
			}
			done += here;
			const seconds = (performance.now() - begun) / 1_000;
			if (round % 10 === 9 || done === cases) {
				console.log(
					`${done} cases in ${seconds.toFixed(0)} s: ${Math.round(done / seconds)} cases/s`,
				);
			}
		}
	} finally {
		await fuzz.close();
	}
}
