/** Starts a candidate on its core, and ends it with all its descendants. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { atExit } from "../../test/support/at-exit.ts";
import { freePort } from "../../test/support/ports.ts";
import { until, within } from "../../test/support/wait.ts";
import type { Candidate } from "../candidates.ts";
import { bin, pinned, root, serverCore } from "./machine.ts";

export interface Server {
	readonly port: number;
	readonly pid: number;
	/** Kills it. Resolves to what it printed, in case something went wrong. */
	stop(): Promise<string>;
}

const running = new Set<ChildProcess>();
atExit(() => {
	for (const child of running) killGroup(child);
});

const startTimeout = 40_000;

export async function startServer(
	candidate: Candidate,
	env: Readonly<Record<string, string>>,
): Promise<Server> {
	const directory = mkdtempSync(join(tmpdir(), "edge-sse-bench-"));
	// nginx must be told a port. The others choose one, and print it.
	const chosen = candidate.tellPort ? await freePort() : undefined;
	const [command = "", ...args] = pinned(
		serverCore,
		candidate.command({ directory, port: chosen ?? 0, redis: env.BENCH_REDIS }),
	);
	const child = spawn(command, args, {
		cwd: root,
		detached: true,
		stdio: ["ignore", "pipe", "pipe"],
		env: {
			HOME: process.env.HOME,
			PATH: `${bin}${delimiter}${process.env.PATH}`,
			HOST: "127.0.0.1",
			PORT: "0",
			// The other candidates need no token either.
			SSE_PUBLISH_OPEN: "true",
			NODE_ENV: "production",
			NO_COLOR: "1",
			DENO_NO_UPDATE_CHECK: "1",
			WRANGLER_SEND_METRICS: "false",
			...env,
		},
	});
	running.add(child);
	const closed = once(child, "close").finally(() => running.delete(child));
	let output = "";
	const announced = new Promise<number>((resolve, reject) => {
		const record = (chunk: Buffer) => {
			output = (output + chunk.toString()).slice(-4_000);
			// The lines of the hub, of the servers here, and of gunicorn.
			const port = /listening (?:on|at):? http:\/\/[\d.]+:(\d+)/i.exec(output)?.[1];
			if (port !== undefined) resolve(Number(port));
		};
		child.stdout.on("data", record);
		child.stderr.on("data", record);
		child.once("error", reject);
		child.once("close", (code) => reject(new Error(`It ended with ${code}.`)));
	});
	const stop = async () => {
		if (running.has(child)) killGroup(child);
		await closed;
		rmSync(directory, { recursive: true, force: true });
		return output;
	};
	try {
		const ready = chosen === undefined ? announced : Promise.race([announced, listening(chosen)]);
		const port = await within(ready, startTimeout, `the start of ${candidate.name}`);
		const { processes = 1 } = candidate;
		if (processes > 1) await serving(port, processes);
		return { port, pid: child.pid ?? 0, stop };
	} catch (error) {
		await stop();
		throw new Error(`${candidate.name} did not start. It printed: ${output}`, { cause: error });
	}
}

/** Waits for all processes. The hub prints its address when there are as many as it has cores: one, here. */
async function serving(port: number, processes: number): Promise<void> {
	const all = new RegExp(`^sse_processes ${processes}$`, "m");
	const areAll = async () =>
		all.test(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
	await until(areAll, { timeout: startTimeout, what: `${processes} processes`, every: 50 });
}

/** Waits for nginx, which prints nothing when it is ready. With Redis it first answers 503 for a while. */
async function listening(port: number): Promise<number> {
	const answers = async () => {
		const url = `http://127.0.0.1:${port}/publish?channel=ready`;
		const response = await fetch(url, { method: "POST", body: "ready" }).catch(() => undefined);
		return response !== undefined && response.status < 500;
	};
	await until(answers, { timeout: startTimeout, what: `an answer on port ${port}`, every: 20 });
	return port;
}

function killGroup(child: ChildProcess): void {
	if (child.pid === undefined) return;
	try {
		process.kill(-child.pid, "SIGKILL");
	} catch (error) {
		// It has already ended, with all its descendants.
		if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
	}
}
