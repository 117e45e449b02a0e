import { readdirSync, readFileSync } from "node:fs";

/**
 * Processor time of processes, in ms, without that of others on the machine. The kernel counts it in ns for
 * each thread. `/proc/<pid>/stat` has the same in steps of 10 ms.
 *
 * @see https://docs.kernel.org/scheduler/sched-stats.html
 */
export function processorTime(...pids: number[]): number {
	let sum = 0;
	for (const pid of pids) {
		for (const thread of readdirSync(`/proc/${pid}/task`)) sum += ofThread(pid, thread);
	}
	return sum;
}

/** Of the thread that runs the event loop. */
export function loopTime(pid: number): number {
	return ofThread(pid, String(pid));
}

function ofThread(pid: number, thread: string): number {
	const [used = ""] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
	return Number(used) / 1e6;
}
