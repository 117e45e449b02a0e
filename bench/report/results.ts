import type { machine } from "../harness/machine.ts";
import type { Sample } from "../measure.ts";
import type { Workload } from "../workload.ts";

/** The results of a run of the benchmark. */
export interface Results {
	date: string;
	quick: boolean;
	machine: ReturnType<typeof machine>;
	/** The workloads, as they were run. */
	workloads: Workload[];
	samples: Sample[];
	failures: { workload: string; candidate: string; round: number; error: string }[];
	skipped: { candidate: string; missing: string }[];
	rounds: number;
}
