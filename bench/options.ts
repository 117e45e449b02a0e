import { parseArgs } from "node:util";

export interface Options {
	quick: boolean;
	/** The names of candidates and workloads. Empty: all. */
	only: string[];
	workloads: string[];
	rounds: number;
	/** The directory for the results. */
	output: string;
	list: boolean;
}

export const usage = `npm run bench -- [options]

  --quick                 a minute's look: one round, fewer candidates, short runs
  --only <a,b>            these candidates
  --workload <a,b>        these workloads
  --rounds <n>            default 5; of --quick 1
  --output <directory>    default artifacts/bench
  --list                  says which candidates and workloads there are`;

/** @throws {Error} that says how to call the benchmark. */
export function readOptions(args: readonly string[]): Options {
	try {
		const { values } = parseArgs({
			args: [...args],
			options: {
				quick: { type: "boolean", default: false },
				only: { type: "string", multiple: true, default: [] },
				workload: { type: "string", multiple: true, default: [] },
				rounds: { type: "string" },
				output: { type: "string", default: "artifacts/bench" },
				list: { type: "boolean", default: false },
			},
		});
		const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
		if (!Number.isInteger(rounds) || rounds < 1)
			throw new Error("--rounds: a whole number from 1.");
		return {
			quick: values.quick,
			only: values.only.flatMap((names) => names.split(",")),
			workloads: values.workload.flatMap((names) => names.split(",")),
			rounds,
			output: values.output,
			list: values.list,
		};
	} catch (error) {
		throw new Error(`${(error as Error).message}\n\n${usage}`);
	}
}
