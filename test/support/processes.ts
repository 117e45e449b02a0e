import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";

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

/** Whether no signal of this kind waits for a process. */
export function hasTaken(pid: number, signal: keyof typeof constants.signals): boolean {
	const status = read(`/proc/${pid}/status`);
	const waiting = [...status.matchAll(/^S(?:ig|hd)Pnd:\s*([0-9a-f]+)$/gm)];
	const bit = 1n << BigInt(constants.signals[signal] - 1);
	return waiting.every(([, mask]) => (BigInt(`0x${mask}`) & bit) === 0n);
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
