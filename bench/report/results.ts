import type { machine } from "../harness/machine.ts";
import type { Sample } from "../measure.ts";
import type { Workload } from "../workloads.ts";

/** What a run of the benchmark found. */
export interface Results {
	date: string;
	quick: boolean;
	machine: ReturnType<typeof machine>;
	/** As they were run. */
	workloads: Workload[];
	samples: Sample[];
	failures: { workload: string; candidate: string; round: number; error: string }[];
	skipped: { candidate: string; missing: string }[];
	rounds: number;
}
