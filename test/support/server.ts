import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { atExit } from "./at-exit.ts";
import { temporaryDirectory } from "./directories.ts";
import { patience, within } from "./wait.ts";

export const runtimeNames = ["node", "bun", "deno", "workers"] as const;
export type RuntimeName = (typeof runtimeNames)[number];

type Environment = Record<string, string>;

export interface ServerOptions {
	env?: Environment;
	/** A program of test/runtimes/fixtures instead of the hub, preceded by its arguments. */
	program?: readonly string[];
}

export interface Server {
	/** Its address for clients of this machine, without a slash at the end. */
	readonly url: string;
	/** As in the hub's start line. */
	readonly broker: string;
	/** The token for publishing, where the hub made one for this start and printed it. */
	readonly token?: string | undefined;
	/** What it has printed so far, both streams. */
	readonly output: string;
	/** Sends the signal and waits for the end; the exit code. */
	stop(signal?: "SIGTERM" | "SIGINT"): Promise<number | null>;
	/** SIGKILL, for it and whatever it started. Idempotent. */
	kill(): Promise<void>;
}

/** A server that is a process of its own. */
export interface ServerProcess extends Server {
	/** On Workers, wrangler's or workerd's. */
	readonly pid: number;
}

export const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = join(root, "node_modules", ".bin");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
	scripts: Record<string, string>;
};

/** What `npm start` and its variants run: the suite tests the same commands that users run. */
const startScripts: Record<RuntimeName, string> = {
	node: "start",
	bun: "start:bun",
	deno: "start:deno",
	workers: "start:workers",
};

// wrangler takes seconds of processor time to start, and a busy machine gives it a tenth.
const startTimeout = 120_000;
const stopTimeout = patience;

const running = new Set<ChildProcess>();
// A test that forgets to stop its server, or dies, must not leave one behind.
atExit(() => {
	for (const child of running) killGroup(child);
});

/**
 * Settles when no wrangler is starting any more. Each takes seconds of processor time, so one waits for the
 * other.
 */
let wrangler: Promise<unknown> = Promise.resolve();

/** Starts the hub, or a fixture, and resolves once it prints that it accepts connections. */
export async function startServer(
	runtime: RuntimeName,
	options: ServerOptions = {},
): Promise<ServerProcess> {
	const start = () =>
		listening(launch(commandLine(runtime, options.program), options.env), runtime);
	if (runtime !== "workers") return start();
	const started = wrangler.then(start);
	wrangler = started.catch(() => undefined);
	return started;
}

/** Starts any other program, which prints where it listens, in a way of its own. */
export async function startProgram(
	command: readonly string[],
	options: { announces: RegExp; env?: Environment; cwd?: string; token?: string | undefined },
): Promise<ServerProcess> {
	const { announces, env, cwd, token } = options;
	return listening(launch(command, env, cwd), command.join(" "), [announces], token);
}

/** Runs a program that ends by itself. */
export async function runToEnd(
	runtime: RuntimeName,
	options: ServerOptions,
): Promise<{ code: number | null; output: string }> {
	const started = launch(commandLine(runtime, options.program), options.env);
	await started.closed(startTimeout);
	return { code: started.child.exitCode, output: started.output() };
}

function commandLine(runtime: RuntimeName, program?: readonly string[]): readonly string[] {
	if (program !== undefined) return [runtime, ...program];
	const script = scripts[startScripts[runtime]];
	if (script === undefined) throw new Error(`package.json has no script for ${runtime}.`);
	// npm has a shell, whose builtin `exec` is, and these tests have none.
	const words = script.split(" ").slice(1);
	// Two hubs that start at once would lock each other out of wrangler's default directory.
	return runtime === "workers" ? [...words, "--persist-to", temporaryDirectory()] : words;
}

interface Launched {
	child: ChildProcess;
	output(): string;
	/** Calls back with all output so far whenever there is more. */
	onOutput(listener: (output: string) => void): void;
	closed(timeout: number): Promise<unknown>;
}

function launch(
	[command = "", ...args]: readonly string[],
	env: Environment = {},
	cwd: string = root,
): Launched {
	const child = spawn(command, args, {
		cwd,
		// A process group of its own, so that what it starts can be killed with it (wrangler starts workerd).
		detached: true,
		stdio: ["ignore", "pipe", "pipe"],
		env: { ...cleanEnvironment(), PORT: "0", ...env },
	});
	running.add(child);
	const closed = once(child, "close").finally(() => running.delete(child));
	let output = "";
	let listener: (output: string) => void = () => undefined;
	const record = (chunk: Buffer) => {
		output = (output + chunk.toString()).slice(-100_000);
		listener(output);
	};
	child.stdout?.on("data", record);
	child.stderr?.on("data", record);
	return {
		child,
		output: () => output,
		onOutput: (next) => {
			listener = next;
			next(output);
		},
		closed: (timeout) => within(closed, timeout, `the end of ${command} ${args.join(" ")}`),
	};
}

/** Only what a program needs to start: no variable of this shell may choose a broker or a port. */
function cleanEnvironment(): Environment {
	const kept = ["HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "DENO_DIR"];
	const env = Object.fromEntries(
		kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
	) as Environment;
	return {
		...env,
		PATH: `${bin}:${process.env.PATH}`,
		NO_COLOR: "1",
		WRANGLER_SEND_METRICS: "false",
		CLOUDFLARE_CF_FETCH_ENABLED: "false",
		DENO_NO_UPDATE_CHECK: "1",
	};
}

/** The hub's own line, and Bun's and Deno's for a default export. */
const announcements = [
	/^edge-sse: listening on (http:\S+) \(broker: (.+)\)$/m,
	/^(?:deno serve: Listening on|Started development server:|Listening on) (http:\S+)/im,
];

async function listening(
	started: Launched,
	what: string,
	patterns: readonly RegExp[] = announcements,
	token?: string,
): Promise<ServerProcess> {
	const { child, output } = started;
	const announced = new Promise<RegExpExecArray>((resolve, reject) => {
		started.onOutput((text) => {
			const match = patterns.map((pattern) => pattern.exec(text)).find((found) => found !== null);
			if (match != null) resolve(match);
		});
		child.once("error", reject);
		child.once("close", (code) => reject(new Error(`${what} ended with ${code}: ${output()}`)));
	});
	const kill = async () => {
		killGroup(child);
		await started.closed(stopTimeout);
	};
	let match: RegExpExecArray;
	try {
		match = await within(announced, startTimeout, `the start of ${what}`);
	} catch (error) {
		if (running.has(child)) await kill();
		throw new Error(`${what} did not start. It printed: ${output()}`, { cause: error });
	}
	const [, address = "", broker = ""] = match;
	return {
		url: address.startsWith("http") ? reachable(address) : `http://127.0.0.1:${address}`,
		pid: child.pid ?? 0,
		broker,
		get token() {
			return token ?? /^ {2}http\S+\/#token=(\S+)$/m.exec(output())?.[1];
		},
		get output() {
			return output();
		},
		stop: async (signal = "SIGTERM") => {
			child.kill(signal);
			await started.closed(stopTimeout);
			return child.exitCode;
		},
		kill,
	};
}

/** Only loopback is ever called, also where the server listens on every address. */
function reachable(address: string): string {
	const url = new URL(address);
	return `http://127.0.0.1:${url.port}`;
}

function killGroup(child: ChildProcess): void {
	if (child.pid === undefined) return;
	try {
		process.kill(-child.pid, "SIGKILL");
	} catch (error) {
		// It has ended already, and all that it started.
		if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
	}
}
