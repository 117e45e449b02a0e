/**
 * Measures the inputs of bench/model.ts, and the runs that its predictions are compared with:
 *
 *     npx node bench/scaling.ts inputs      # writes bench/model/measured.json
 *     npx node bench/scaling.ts runs        # writes bench/model/runs.json
 *     npx node bench/scaling.ts runs drain  # one kind of them
 *
 * It uses at most 10,000 clients, all on loopback, and no load lasts longer than half a minute. The inputs are measured
 * with fewer clients and channels than the runs, so the model is fitted to none of the runs. As root put `chrt -r 1` in
 * front of the command, and other work on the machine waits meanwhile.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "./harness/compile.ts";
import { machine, root } from "./harness/machine.ts";
import { inputs } from "./scaling/inputs.ts";
import { runs } from "./scaling/runs.ts";

const [what = "", only] = process.argv.slice(2);
const program = {
	inputs: { file: "measured", measures: inputs },
	runs: { file: "runs", measures: runs },
}[what];
if (program === undefined) throw new Error("Write `inputs` or `runs`.");
const file = join(root, "bench/model", `${program.file}.json`);
const { load } = compile();
const groups: Record<string, unknown> = JSON.parse(readFileSync(file, "utf8"));
for (const [name, measure] of Object.entries(program.measures)) {
	if (only !== undefined && only !== name) continue;
	const figures = await measure(load);
	console.log(name, JSON.stringify(figures));
	const { processor, kernel, versions, loadAverageAtStart } = machine();
	groups[name] = {
		date: new Date().toISOString().slice(0, 10),
		command: `${isFirst() ? "chrt -r 1 " : ""}npx node bench/scaling.ts ${what} ${name}`,
		machine: `${processor}, Linux ${kernel}, Node ${versions.node}, Redis ${versions.redis}`,
		load: Number(loadAverageAtStart),
		figures,
	};
	writeFileSync(file, `${JSON.stringify(groups, null, "\t")}\n`);
}

/** Whether this process and its children run before other work: their scheduling policy is then round robin. */
function isFirst(): boolean {
	const policy = 38;
	const fields = readFileSync("/proc/self/stat", "utf8")
		.replace(/^.*\) /s, "")
		.split(" ");
	return fields[policy] === "2";
}
