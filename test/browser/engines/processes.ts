import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { atExit } from "../../support/at-exit.ts";
import { patience, until, within } from "../../support/wait.ts";

/** A browser's processes: all of a group are descendants of the first one. */
export class ProcessGroup {
	readonly first: ChildProcess;
	readonly #name: string;
	/** What it printed so far. */
	output = "";
	readonly #closed: Promise<unknown>;

	constructor(name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
		this.#name = name;
		this.first = spawn(command, args, {
			detached: true,
			env: { ...process.env, ...env },
			// A display server prints its display number on the fourth.
			stdio: ["ignore", "ignore", "pipe", "pipe"],
		});
		this.#closed = once(this.first, "exit");
		for (const stream of [this.first.stderr, this.first.stdio[3]]) {
			stream?.on("data", (chunk: Buffer) => {
				this.output += chunk.toString();
			});
		}
		atExit(() => this.#signal());
	}

	/** Waits until it has printed this. Returns the match. */
	async says(what: RegExp): Promise<string> {
		const found = () => what.exec(this.output)?.[1];
		const said = until(found, { what: `${this.#name} says ${what}`, timeout: 60_000 });
		const ended = this.#closed.then(() => {
			throw new Error(`${this.#name} ended: ${this.output}`);
		});
		return Promise.race([said, ended]);
	}

	/** Those whose command line matches. */
	like(command: RegExp): number[] {
		return readdirSync("/proc").flatMap((entry) => {
			const pid = Number(entry);
			return pid > 0 && this.#has(pid) && command.test(read(`/proc/${pid}/cmdline`)) ? [pid] : [];
		});
	}

	async end(): Promise<void> {
		this.#signal();
		await within(this.#closed, patience, `the end of ${this.#name}`);
	}

	#has(pid: number): boolean {
		// After the name, which may hold anything: state, parent, group.
		const [, , group] = read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
		return Number(group) === this.first.pid;
	}

	#signal(): void {
		const { pid } = this.first;
		if (pid === undefined) return;
		try {
			process.kill(-pid, "SIGKILL");
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
		}
	}
}

/** A tab's own process: the one that started when it opened its page. */
export class TabProcess {
	readonly #group: ProcessGroup;
	readonly #command: RegExp;
	readonly #before: number[];
	#pids: number[] = [];

	constructor(group: ProcessGroup, command: RegExp) {
		this.#group = group;
		this.#command = command;
		this.#before = group.like(command);
	}

	/** The page is there now. */
	find(): void {
		this.#pids = this.#group.like(this.#command).filter((pid) => !this.#before.includes(pid));
	}

	async signal(signal: NodeJS.Signals): Promise<void> {
		const [pid, ...others] = this.#pids;
		if (pid === undefined || others.length > 0) {
			throw new Error(`Its process is not known: ${this.#pids}.`);
		}
		process.kill(pid, signal);
	}
}

function read(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return ""; // it has just ended
	}
}
