/** The CPU time and the memory of a process and its descendants, as the kernel counts them. */
import { readdirSync, readFileSync } from "node:fs";

export interface Usage {
	/** CPU time since the processes started, in seconds. */
	user: number;
	system: number;
	/** Resident memory, in bytes. */
	resident: number;
}

/** The ticks of `/proc/<pid>/stat` in a second: 100 on every Linux that Node runs on. */
const ticks = 100;
const pageBytes = 4_096;

/** @throws {Error} when the process has ended. */
export function usageOf(root: number): Usage {
	const usage: Usage = { user: 0, system: 0, resident: 0 };
	for (const pid of tree(root)) {
		const fields = stat(pid);
		if (fields === undefined) continue;
		usage.user += Number(fields[11]) / ticks;
		usage.system += Number(fields[12]) / ticks;
		usage.resident += Number(fields[21]) * pageBytes;
	}
	if (usage.resident === 0) throw new Error("The server has ended.");
	return usage;
}

/** The process and its descendants. */
export function tree(root: number): number[] {
	const parents = new Map<number, number>();
	for (const name of readdirSync("/proc")) {
		const fields = /^\d+$/.test(name) ? stat(Number(name)) : undefined;
		if (fields !== undefined) parents.set(Number(name), Number(fields[1]));
	}
	const found = [root];
	for (const parent of found) {
		for (const [pid, its] of parents) if (its === parent) found.push(pid);
	}
	return found;
}

/** The fields after the name, which is in brackets and may contain any character. */
function stat(pid: number): string[] | undefined {
	try {
		return readFileSync(`/proc/${pid}/stat`, "utf8")
			.replace(/^.*\) /s, "")
			.split(" ");
	} catch {
		return undefined; // it ended while we looked
	}
}
