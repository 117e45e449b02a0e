import { readdirSync, readFileSync } from "node:fs";

/** A process of the hub that has several. */
export interface HubChild {
	readonly pid: number;
	/** Its place among them, from 1. */
	readonly slot: number;
}

/** The children of a hub, as the kernel has them. One that ends meanwhile is none. */
export function childrenOf(parent: number): HubChild[] {
	return descendants(parent).flatMap((pid) => {
		const [, slot] = /(?:^|\0)EDGE_SSE_PROCESS=(\d+)/.exec(read(`/proc/${pid}/environ`)) ?? [];
		return slot === undefined ? [] : [{ pid, slot: Number(slot) }];
	});
}

/** Whether a process is there that can still do something. */
export function lives(pid: number): boolean {
	const [, state = "Z"] = /\) (\w)/.exec(read(`/proc/${pid}/stat`)) ?? [];
	return state !== "Z" && state !== "X";
}

function descendants(parent: number): number[] {
	const children = tasks(parent).flatMap((task) =>
		read(`/proc/${parent}/task/${task}/children`)
			.split(" ")
			.flatMap((pid) => Number(pid) || []),
	);
	return [...new Set(children)].flatMap((pid) => [pid, ...descendants(pid)]);
}

function tasks(pid: number): string[] {
	try {
		return readdirSync(`/proc/${pid}/task`);
	} catch {
		return []; // it has ended
	}
}

function read(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return ""; // it has ended
	}
}
