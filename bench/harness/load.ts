/** Drives the load generator: it reads commands as lines, and answers each with a line of JSON. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { atExit } from "../../test/support/at-exit.ts";
import { loadCore, pinned } from "./machine.ts";

export interface LoadSettings {
	port: number;
	/** The ports that clients read from, in turn. Default: `port` alone. */
	readerPorts?: readonly number[];
	/** The port of the Redis to publish to. Undefined: messages are published over HTTP, to the server. */
	redisPort: number | undefined;
	/** Whether the body of a publish is the data alone. */
	rawBody: boolean;
	channels: number;
	perClient: number;
	dataBytes: number;
	/** The data is an object with fields like those of real ones. */
	json: boolean;
	/** Whether clients accept gzip. */
	gzip: boolean;
	/** A path that is requested all the while. */
	probe: string | undefined;
}

/** What a command measured. Times of single messages and requests are in µs. */
export interface LoadReport {
	seconds: number;
	loadCpuSeconds: number;
	/** How long the generator paused, so that it is not itself measured. */
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

/** After this time, in s, the kernel ends a generator that hangs. No run takes a third of it. */
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
		const { port, readerPorts = [], redisPort, rawBody, probe } = settings;
		const { channels, perClient, dataBytes, json, gzip } = settings;
		const [command = "", ...args] = pinned(loadCore, [
			program,
			...["-p", String(port), "-c", String(channels), "-s", String(perClient)],
			...["-b", String(dataBytes), "-t", String(lifetime)],
			...readerPorts.flatMap((each) => ["-v", String(each)]),
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
		// The end of its output tells that a generator has ended.
		child.stdin.on("error", () => undefined);
		this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
	}

	/** @throws {Error} with the generator's own message, when it gave up. */
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
