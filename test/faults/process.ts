import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What Linux reports of a process, for every runtime. */

/** Sockets that it has open. */
export function sockets(pid: number): number {
	const directory = `/proc/${pid}/fd`;
	return readdirSync(directory).filter((fd) => targetOf(`${directory}/${fd}`).startsWith("socket:"))
		.length;
}

function targetOf(link: string): string {
	try {
		return readlinkSync(link);
	} catch {
		return ""; // closed meanwhile
	}
}

/** Its resident memory, in MiB. */
export function resident(pid: number): number {
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024);
}
