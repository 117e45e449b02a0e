/**
 * The long run: `npm run torture -- [--minutes 10] [--seed 1] [--setup redis]…`. All setups share the ten
 * minutes, unless some are named: then each has ten minutes.
 */
import { parseArgs } from "node:util";
import { type Summary, torture } from "./run.ts";
import { setups } from "./setups.ts";
import { passed, report, table } from "./table.ts";

const { values } = parseArgs({
	options: {
		minutes: { type: "string", default: "10" },
		seed: { type: "string", default: String(Date.now() % 1_000_000) },
		setup: { type: "string", multiple: true },
		clients: { type: "string", default: "200" },
	},
});
// Servers are process groups of their own, which Ctrl-C does not reach.
process.once("SIGINT", () => process.exit(130));

const unknown = values.setup?.find((name) => !setups.some((setup) => setup.name === name));
if (unknown !== undefined) {
	const names = setups.map(({ name }) => JSON.stringify(name)).join(", ");
	throw new TypeError(`--setup: there is no ${JSON.stringify(unknown)}; there are ${names}.`);
}
const { seed, clients } = values;
for (const [name, value] of Object.entries({ minutes: values.minutes, seed, clients })) {
	if (!(Number(value) > 0)) throw new TypeError(`--${name}: ${value} is no number above 0.`);
}
const chosen = setups.filter(({ name }) => values.setup?.includes(name) ?? true);
const minutes = Number(values.minutes) / (values.setup === undefined ? chosen.length : 1);
const summaries: Summary[] = [];
for (const setup of chosen) {
	const summary = await torture(setup, {
		seed: Number(seed),
		duration: minutes * 60_000,
		clients: Number(clients),
		publishers: 4,
		perSecond: 40,
		burstEvery: 15_000,
		patience: 3_000,
	});
	summaries.push(summary);
	console.log(report(summary));
}
console.log(`\n${table(summaries)}`);
process.exit(summaries.every(passed) ? 0 : 1);
