import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { atExit } from "../support/at-exit.ts";
import { root } from "../support/server.ts";
import type { Ledger } from "./ledger.ts";
import type { Broker } from "./programs/broker.ts";

/** What a publisher is told at its start. */
export interface Order {
	name: string;
	seed: number;
	channels: readonly string[];
	perSecond: number;
	/** With the library, or by POST to the hub. */
	overHttp: boolean;
	/** Whether the store remembers keys, so that a message may be published again. */
	repeats: boolean;
	hub: string | undefined;
}

/** What it is told later. */
export type Wish = { hub: string } | { burst: string } | { stop: true };

/** What it reports of each message. */
export type Report = { channel: string; key: string } & (
	| { id: string | undefined }
	| { error: string }
);

const program = join(root, "test/torture/programs/publisher.ts");

const running = new Set<ChildProcess>();
atExit(() => {
	for (const child of running) child.kill("SIGKILL");
});

/** A process that publishes. */
export class Publisher {
	readonly #child: ChildProcess;
	readonly #gone: Promise<unknown>;
	#output = "";

	constructor(order: Order, broker: Broker | undefined, ledger: Ledger) {
		const child = fork(program, {
			// The child's environment is minimal: no variable of this shell chooses a broker.
			env: {
				PATH: process.env.PATH,
				TORTURE_PUBLISHER: JSON.stringify(order),
				...(broker === undefined ? {} : { TORTURE_BROKER: JSON.stringify(broker) }),
			},
			execArgv: [],
			stdio: ["ignore", "pipe", "pipe", "ipc"],
		});
		this.#child = child;
		running.add(child);
		this.#gone = once(child, "exit").finally(() => running.delete(child));
		const record = (chunk: Buffer) => {
			this.#output = (this.#output + chunk.toString()).slice(-4_000);
		};
		child.stdout?.on("data", record);
		child.stderr?.on("data", record);
		child.on("message", (report: Report) => {
			if ("error" in report) ledger.unknown++;
			else ledger.acknowledged(report.channel, report.key, report.id);
		});
		child.on("exit", (code, signal) => {
			if (code === 0 || signal === "SIGKILL") return;
			ledger.problems.push(`a publisher ended with ${code ?? signal}: ${this.#output}`);
		});
	}

	/** Publishes some megabytes to a channel. */
	burst(channel: string): void {
		this.#tell({ burst: channel });
	}

	moveTo(hub: string): void {
		this.#tell({ hub });
	}

	/** Lets it finish what it has begun. */
	async stop(): Promise<void> {
		this.#tell({ stop: true });
		await this.#gone;
	}

	async kill(): Promise<void> {
		this.#child.kill("SIGKILL");
		await this.#gone;
	}

	#tell(wish: Wish): void {
		// Messages to a process that has just been killed are lost with it.
		if (this.#child.connected) this.#child.send(wish, () => undefined);
	}
}
