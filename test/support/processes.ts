import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import { call } from "./hub-client.ts";
import { until } from "./wait.ts";

/** A process of a hub of several. */
export interface HubChild {
	readonly pid: number;
	/** Its number among them, from 1. */
	readonly slot: number;
}

/** The children of a hub, by the kernel. One that ends meanwhile is left out. */
export function childrenOf(parent: number): HubChild[] {
	return descendants(parent).flatMap((pid) => {
		const [, slot] = /(?:^|\0)EDGE_SSE_PROCESS=(\d+)/.exec(read(`/proc/${pid}/environ`)) ?? [];
		return slot === undefined ? [] : [{ pid, slot: Number(slot) }];
	});
}

/** Until both processes of a hub take streams. */
export async function bothServe(hub: { readonly url: string }): Promise<void> {
	const serve = async () => {
		// A process that has just been killed may still have been handed the request.
		const answer = await call(`${hub.url}/metrics`).catch(() => undefined);
		return /^sse_processes 2$/m.test(answer?.body ?? "");
	};
	await until(serve, { what: "both processes" });
}

/**
 * The TCP ports on loopback at which a process listens.
 *
 * @see https://docs.kernel.org/networking/proc_net_tcp.html
 */
export function loopbackPorts(pid: number): number[] {
	const sockets = new Set(
		readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
			try {
				return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
			} catch {
				return []; // it was closed
			}
		}),
	);
	const rows = read(`/proc/${pid}/net/tcp`).split("\n").slice(1);
	return rows.flatMap((row) => {
		const fields = row.trim().split(/\s+/);
		const [, port] = /^0100007F:([0-9A-F]{4})$/.exec(fields[1] ?? "") ?? [];
		const isListening = fields[3] === "0A" && sockets.has(fields[9] ?? "");
		return isListening && port !== undefined ? Number.parseInt(port, 16) : [];
	});
}

/** Whether a process exists and is no zombie. */
export function lives(pid: number): boolean {
	const [, state = "Z"] = /\) (\w)/.exec(read(`/proc/${pid}/stat`)) ?? [];
	return state !== "Z" && state !== "X";
}

/** Whether no signal of this kind is pending for a process. */
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
