import { setTimeout as delay } from "node:timers/promises";
import { call, json } from "../support/hub-client.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import type { Environment } from "./environment.ts";
import { lease } from "./programs/run-routes.ts";
import type { Random } from "./random.ts";
import { type Place, type Read, readRun } from "./run-reader.ts";
import { count } from "./run-text.ts";

/** The outcomes of the runs. */
export interface RunsSummary {
	runs: number;
	reads: number;
	/** How many ended in which way. */
	ends: Map<string, number>;
	lost: number;
	doubled: number;
	problems: string[];
}

/** A run under way. */
interface Run {
	readonly id: string;
	readonly words: number;
	/** Whether a caller asks for its end before it has come. */
	readonly isStopped: boolean;
	/** Whether a caller was told which process is its producer. */
	begun: boolean;
	reads: Promise<Read>[];
}

/** Readers of each run. */
const readers = 5;

/** How long a start is retried, in ms. */
const askPatience = 25_000;

/** A process of run-host.ts. */
interface Slot {
	server: ServerProcess | undefined;
}

/**
 * Runs while faults happen: their producers' processes are killed, stopped gracefully, or frozen until they are
 * superseded, and readers are cut and reload. All readers of a run must have the same in the end.
 */
export class RunCrowd {
	readonly #environment: Environment;
	readonly #random: Random;
	readonly #slots: Slot[] = [];
	readonly #runs: Run[] = [];
	readonly #problems: string[] = [];
	readonly #place: Place;
	/** Until when a producer has something to say in a process, by `performance.now()`. */
	readonly #busy = new Map<string, number>();
	/** Processes that were killed while they had a producer. */
	#killed = 0;

	constructor(environment: Environment, random: Random) {
		this.#environment = environment;
		this.#random = random;
		const { hubs, broker } = environment;
		const atHubs = () => hubs.map(({ server }) => server && `${server.url}/runs`);
		const own = () => this.#slots.map(({ server }) => server?.url);
		const urls = broker === undefined ? atHubs : own;
		this.#place = (chance) => chance.shuffled(urls()).find((url) => url !== undefined);
	}

	/** Whether runs can outlive a process of this setup. */
	static isFor({ forgets, broker, servesRuns }: Environment): boolean {
		return !forgets && (broker !== undefined || servesRuns === true);
	}

	/** Its processes listen. */
	async ready(): Promise<void> {
		if (this.#environment.broker === undefined) return;
		const servers = await Promise.all([this.#start(), this.#start()]);
		this.#slots.push(...servers.map((server) => ({ server })));
	}

	/** Begins runs, and injects faults, until the time is over. */
	async live(until: number): Promise<void> {
		await Promise.all([
			this.#begin(until, this.#random.fork()),
			...this.#slots.map((slot, n) => this.#strike(slot, n, until, this.#random.fork())),
		]);
	}

	/** Waits for their ends, and compares them. */
	async finish(): Promise<RunsSummary> {
		const summary: RunsSummary = {
			runs: this.#runs.length,
			reads: 0,
			ends: new Map(),
			lost: 0,
			doubled: 0,
			problems: this.#problems,
		};
		for (const run of this.#runs) await this.#judge(run, summary);
		this.#demand(summary);
		await Promise.all(
			this.#slots.map(async ({ server }) => {
				if ((await server?.stop()) === 0) return;
				this.#problems.push(`a process of runs did not stop: ${server?.output.slice(-1_000)}`);
			}),
		);
		return summary;
	}

	/** Runs in which nothing happened would prove nothing. */
	#demand({ ends, runs }: RunsSummary): void {
		// Where there is one process for all, each fault hits all of them.
		if (this.#slots.length === 0) return;
		const [done = 0, lost = 0] = [ends.get("done"), ends.get("lost")];
		if (done < runs / 10) this.#problems.push(`only ${done} of ${runs} runs are done`);
		if (lost < this.#killed / 2) {
			this.#problems.push(
				`${lost} runs are lost, of producers in ${this.#killed} killed processes`,
			);
		}
	}

	async #begin(until: number, random: Random): Promise<void> {
		for (let n = 0; performance.now() < until; n++) {
			const id = `${n}.${crypto.randomUUID()}`;
			const words = 20 + random.below(120);
			const isStopped = random.chance(0.2);
			const run: Run = { id, words, isStopped, begun: false, reads: [] };
			run.reads = Array.from({ length: readers }, () => {
				return readRun(this.#place, id, random.fork(), () => run.begun);
			});
			this.#runs.push(run);
			// Sometimes two begin it at once: one is its producer.
			const starts = random.chance(0.3) ? 2 : 1;
			const asked = Array.from({ length: starts }, () => {
				return this.#askUntilAnswered(random.fork(), `&words=${words}`, run);
			});
			void Promise.all(asked).then((answers) => {
				const roles = answers.map((answer) => (answer as { role?: string } | undefined)?.role);
				if (roles.filter((role) => role === "producer").length > 1) {
					this.#problems.push(`run ${id} has two producers`);
				}
			});
			if (isStopped) {
				void delay(random.between(100, 1_500)).then(() => this.#ask(random, "stop", "", run));
			}
			await delay(random.between(50, 250));
		}
	}

	/**
	 * A caller retries its start. If the process of the first call is killed after it began the run, the run
	 * has no producer, and is lost.
	 */
	async #askUntilAnswered(random: Random, query: string, run: Run): Promise<unknown> {
		const deadline = performance.now() + askPatience;
		for (;;) {
			const answer = await this.#ask(random, "start", query, run);
			if ((answer as { role?: string } | undefined)?.role !== undefined) return answer;
			if (performance.now() > deadline) return undefined;
			await delay(random.between(50, 300));
		}
	}

	/** Without an answer the outcome is unknown. */
	async #ask(random: Random, what: string, query: string, run: Run): Promise<unknown> {
		const url = this.#place(random);
		if (url === undefined) return undefined;
		try {
			const answer = await call(`${url}/${what}?id=${run.id}${query}`, { method: "POST" });
			const told = json<{ role?: string }>(answer);
			if (told.role !== undefined) run.begun = true;
			if (told.role === "producer" && !run.isStopped) {
				this.#busy.set(url, Math.max(this.#busy.get(url) ?? 0, lastsUntil(run)));
			}
			return told;
		} catch {
			return undefined; // The process was killed.
		}
	}

	/** Both may be down at a time. */
	async #strike(slot: Slot, first: number, until: number, random: Random): Promise<void> {
		for (let n = first; ; n++) {
			await delay(random.between(700, 2_000));
			const { server } = slot;
			// The last runs may reach their own end.
			if (server === undefined || performance.now() > until - 1_000) return;
			if (n % 3 === 2 && performance.now() < until - 2 * lease) {
				// It comes back after it has been superseded.
				slot.server = undefined;
				process.kill(server.pid, "SIGSTOP");
				await delay(3 * lease);
				process.kill(server.pid, "SIGCONT");
				slot.server = server;
				continue;
			}
			if (n > 0 && random.chance(0.3)) {
				slot.server = undefined;
				await server.stop().catch(() => server.kill());
			} else {
				while (!this.#isBusy(server) && performance.now() < until - 1_000) await delay(20);
				if (this.#isBusy(server)) this.#killed++;
				slot.server = undefined;
				await server.kill();
			}
			slot.server = await this.#start();
		}
	}

	/** Whether a producer there is in the middle of its text, and will be for some time. */
	#isBusy({ url }: ServerProcess): boolean {
		return (this.#busy.get(url) ?? 0) > performance.now() + 300;
	}

	#start(): Promise<ServerProcess> {
		return startServer("node", {
			program: ["test/torture/programs/run-host.ts"],
			env: { TORTURE_BROKER: JSON.stringify(this.#environment.broker) },
		});
	}

	async #judge(run: Run, summary: RunsSummary): Promise<void> {
		const reads = await Promise.all(run.reads);
		const [{ text = "", end = "" } = {}] = reads;
		summary.reads += reads.length;
		summary.ends.set(end, (summary.ends.get(end) ?? 0) + 1);
		for (const [n, read] of reads.entries()) {
			const wrong = count(read.text, summary);
			if (wrong !== undefined) this.#problems.push(`run ${run.id}, reader ${n}: ${wrong}`);
			if (read.text !== text || read.end !== end) {
				const what = `${read.end} with ${read.text.length} characters`;
				this.#problems.push(
					`run ${run.id}, reader ${n}: ${what}; another ${end} with ${text.length}`,
				);
			}
		}
		// A process that is stopped gracefully ends its runs as errors.
		if (!["done", "cancelled", "lost", "error"].includes(end))
			this.#problems.push(`run ${run.id} ended as ${end}`);
		const whole = Array.from({ length: run.words }, (_, n) => `${n}.`).join("");
		if (end === "done" && text !== whole)
			this.#problems.push(`run ${run.id} is done, and not whole`);
	}
}

/** The earliest time at which a run that begins now has said everything: three words come in 60 ms. */
function lastsUntil({ words }: Run): number {
	return performance.now() + words * 20;
}
