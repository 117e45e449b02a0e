import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { onTestFinished } from "vitest";
import { atExit } from "./at-exit.ts";
import { root } from "./server.ts";
import { patience, until, within } from "./wait.ts";

const running = new Set<ChildProcess>();
atExit(() => {
	for (const child of running) child.kill("SIGKILL");
});

/** A program under way, which ends with the test at the latest. */
export interface Program {
	readonly output: string;
	/** Until this is in its output. */
	says(text: string): Promise<void>;
	signal(name: "SIGTERM"): void;
	/** As Ctrl-C does: to it and all that it has started. */
	interrupt(): void;
	/** Its exit code, once it has ended. */
	ended(): Promise<number | null>;
}

export interface Parts {
	/** What the snippet assumes. */
	before?: string;
	code: string;
	/** What checks the result of the snippet. */
	after?: string;
	env?: Record<string, string>;
}

let files = 0;

/** Writes a program into a folder, and returns its path. */
export async function written(folder: string, { before = "", code, after = "" }: Parts) {
	const file = join(folder, `program-${++files}.ts`);
	await writeFile(file, [before, code, after, "export {};"].join("\n"));
	return file;
}

/** Runs a snippet on this checkout's Node, in a folder where the package is installed. */
export async function start(folder: string, parts: Parts): Promise<Program> {
	return launch("node", [await written(folder, parts)], parts.env);
}

/** Runs a line as a user's shell would. */
export function shell(line: string, env: Record<string, string> = {}, cwd: string = root): Program {
	return launch("sh", ["-c", line], env, cwd);
}

/** A snippet with this test's address in place of the document's. */
export function replaced(code: string, theirs: string, ours: string): string {
	if (!code.includes(theirs)) throw new Error(`There is no ${theirs} in: ${code}`);
	return code.replaceAll(theirs, ours);
}

function launch(
	command: string,
	args: string[],
	env: Record<string, string> = {},
	cwd: string = root,
): Program {
	const path = `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`;
	const child = spawn(command, args, {
		cwd,
		// A shell's own programs end with it.
		detached: true,
		env: { HOME: process.env.HOME, NO_COLOR: "1", ...env, PATH: path },
		stdio: ["ignore", "pipe", "pipe"],
	});
	running.add(child);
	const closed = once(child, "close").finally(() => running.delete(child));
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (text: string) => {
			output += text;
		});
	}
	onTestFinished(async () => {
		if (running.has(child) && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
		await closed;
	});
	return {
		get output() {
			return output;
		},
		says: async (text) => {
			await until(
				() => {
					if (output.includes(text)) return true;
					if (!running.has(child)) throw new Error(`It ended without ${text}: ${output}`);
					return false;
				},
				{ what: `${text} from ${args.at(-1)}` },
			);
		},
		signal: (name) => void child.kill(name),
		interrupt: () => {
			if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
		},
		ended: async () => {
			await within(closed, patience, `the end of ${args.at(-1)}, which has said: ${output}`);
			return child.exitCode;
		},
	};
}
