/** The machine of a run: its processors, how processes are pinned to them, and versions. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const bin = join(root, "node_modules", ".bin");

/** The server has this core to itself. The load generator and Redis share another one. */
export const serverCore = 0;
export const loadCore = 1;

const canPin = availableParallelism() > 1 && outputOf("taskset", ["-V"]) !== undefined;

/** The command line that runs a command on one core. Without `taskset` it is the command itself. */
export function pinned(core: number, command: readonly string[]): string[] {
	return canPin ? ["taskset", "-c", String(core), ...command] : [...command];
}

/** Moves a running process to a core. */
export function pin(core: number, pid: number): void {
	if (canPin) execFileSync("taskset", ["-acp", String(core), String(pid)], { stdio: "ignore" });
}

/** What a program prints. Undefined: it is not installed. */
export function outputOf(command: string, args: readonly string[]): string | undefined {
	try {
		return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
	} catch {
		return undefined; // not installed, which is an answer
	}
}

export function isInstalled(...paths: string[]): boolean {
	return paths.every((path) => existsSync(path));
}

/** Describes the machine, for the head of a report. */
export function machine() {
	const version = (command: string, ...args: string[]) =>
		/\d+\.\d[\w.+-]*/.exec(outputOf(command, args) ?? "")?.[0];
	const own = (name: string) =>
		JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;
	return {
		processor: `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${arch()}`,
		memoryGiB: Math.round(totalmem() / 2 ** 30),
		kernel: release(),
		congestionControl: sysctl("tcp_congestion_control"),
		pinned: canPin,
		loadAverageAtStart: loadavg()[0]?.toFixed(1),
		commit: outputOf("git", ["-C", root, "describe", "--always", "--dirty"])?.trim(),
		versions: {
			node: version(join(bin, "node"), "--version"),
			bun: version(join(bin, "bun"), "--version"),
			deno: version(join(bin, "deno"), "--version"),
			redis: version("redis-server", "--version"),
			...Object.fromEntries(
				["@hono/node-server", "srvx", "hono", "better-sse"].map((name) => [name, own(name)]),
			),
		},
	};
}

function sysctl(name: string): string | undefined {
	const path = `/proc/sys/net/ipv4/${name}`;
	return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}
