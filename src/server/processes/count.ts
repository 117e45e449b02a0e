import { availableParallelism } from "node:os";
import { ConfigurationError } from "../../core/errors.ts";
import type { ServerHub } from "../create.ts";
import type { Settings } from "../settings.ts";

// The part of Deno that is used here: https://docs.deno.com/api/deno/~/Deno.permissions
declare const Deno: {
	execPath(): string;
	permissions: { querySync(what: { name: "run"; command: string }): { state: string } };
};

/**
 * How many processes serve.
 *
 * @throws {ConfigurationError} where this runtime or system cannot share a port.
 */
export function processCount({ processes = 1 }: Pick<Settings, "processes">): number {
	const count = processes === "auto" ? processors() : processes;
	if (count > 1) checkRuntime();
	return count;
}

/** @throws {ConfigurationError} for what several processes cannot do. */
export function checkProcesses({ broker, settings }: Pick<ServerHub, "broker" | "settings">): void {
	if (broker !== "memory" || !settings.countsMembers) return;
	throw new ConfigurationError(
		"SSE_PRESENCE: the members of several processes are counted in Redis. Set SSE_REDIS_URL, or SSE_PROCESSES=1.",
	);
}

/** How many processors this process may use. */
export function processors(): number {
	return availableParallelism();
}

function checkRuntime(): void {
	const isBun = "Bun" in globalThis;
	if (!isBun && !("Deno" in globalThis)) return;
	if (process.platform !== "linux") {
		throw new ConfigurationError(
			`SSE_PROCESSES: on ${isBun ? "Bun" : "Deno"} processes share a port on Linux only. Unset it, or run the hub on Node.`,
		);
	}
	if (
		isBun ||
		Deno.permissions.querySync({ name: "run", command: Deno.execPath() }).state === "granted"
	) {
		return;
	}
	throw new ConfigurationError(
		"SSE_PROCESSES: Deno may not start processes here. Add --allow-run to its options, or unset the variable.",
	);
}
