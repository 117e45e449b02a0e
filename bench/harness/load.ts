/** Drives the load generator: one line in, one line of JSON out. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { atExit } from "../../test/support/at-exit.ts";
import { loadCore, pinned } from "./machine.ts";

export interface LoadSettings {
	port: number;
	/** Messages are published there; undefined: over HTTP, at the server. */
	redisPort: number | undefined;
	/** The POST's body is the data alone. */
	rawBody: boolean;
	channels: number;
	perClient: number;
	dataBytes: number;
	/** The data is an object with fields like those of real ones. */
	json: boolean;
	/** Clients take gzip. */
	gzip: boolean;
	/** A path that is asked for all the while. */
	probe: string | undefined;
}

/** What a command saw; times of single things in µs. */
export interface LoadReport {
	seconds: number;
	loadCpuSeconds: number;
	/** How long the generator kept back, so as not to be what is measured. */
	heldSeconds: number;
	open: number;
	failed: number;
	closed: number;
	messages: number;
	deliveries: number;
	lost: number;
	disorder: number;
	corrupt: number;
	gaps: number;
	reads: number;
	bytes: number;
	returned: number;
	returnedSeconds: number;
	p50: number;
	p99: number;
	max: number;
	probes: number;
	probeP99: number;
	probeMax: number;
}

/** In s: nothing here takes a third of it, and a generator that hangs is ended by the kernel. */
const lifetime = 300;

const running = new Set<Child>();
type Child = ChildProcessByStdio<Writable, Readable, Readable>;
atExit(() => {
	for (const child of running) child.kill("SIGKILL");
});

export class Load {
	readonly #child: Child;
	readonly #ended: Promise<void>;
	readonly #lines: AsyncIterator<string>;
	#said = "";

	constructor(program: string, settings: LoadSettings) {
		const { port, redisPort, rawBody, channels, perClient, dataBytes, json, gzip, probe } =
			settings;
		const [command = "", ...args] = pinned(loadCore, [
			program,
			...["-p", String(port), "-c", String(channels), "-s", String(perClient)],
			...["-b", String(dataBytes), "-t", String(lifetime)],
			...(redisPort === undefined ? [] : ["-r", String(redisPort)]),
			...(rawBody ? ["-w"] : []),
			...(json ? ["-j"] : []),
			...(gzip ? ["-z"] : []),
			...(probe === undefined ? [] : ["-q", probe]),
		]);
		this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
		const child = this.#child;
		running.add(child);
		this.#ended = new Promise((resolve) => {
			child.on("close", (_code, signal) => {
				this.#said += signal === "SIGALRM" ? `it took over ${lifetime} s` : "";
				running.delete(child);
				resolve();
			});
		});
		child.stderr.on("data", (chunk: Buffer) => {
			this.#said = (this.#said + chunk.toString()).slice(-2_000);
		});
		// A generator that has ended says so by its output's end.
		child.stdin.on("error", () => undefined);
		this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
	}

	/** @throws {Error} with the generator's own words, when it gave up. */
	async command(line: string): Promise<LoadReport> {
		this.#child.stdin.write(`${line}\n`);
		const { value, done } = await this.#lines.next();
		if (done) {
			await this.#ended;
			throw new Error(`The load generator ended at \`${line}\`: ${this.#said.trim()}`);
		}
		const report = JSON.parse(value) as LoadReport;
		if (report.failed > 0) {
			throw new Error(`${report.failed} clients got no stream: ${this.#said.trim()}`);
		}
		return report;
	}

	async stop(): Promise<void> {
		this.#child.kill("SIGKILL");
		await this.#ended;
	}
}
