import type { RunHost } from "../core/run-host.ts";
import { RunError } from "./errors.ts";
import type { CheckedRunsOptions } from "./options.ts";
import { Producer, type RunSource } from "./producer.ts";
import type { RunEnd } from "./reader.ts";
import type { Started } from "./status.ts";
import type { RunSteps } from "./steps.ts";

/** The producers of this process that have a source. */
export class Producers {
	readonly #runHost: RunHost;
	readonly #options: CheckedRunsOptions;
	readonly #steps: RunSteps;
	#count = 0;

	constructor(runHost: RunHost, options: CheckedRunsOptions, steps: RunSteps) {
		this.#runHost = runHost;
		this.#options = options;
		this.#steps = steps;
	}

	async start(
		channel: string,
		source: RunSource,
	): Promise<Started<{ readonly done: Promise<RunEnd> }>> {
		const { limits, lease, waitUntil } = this.#options;
		// Where a request that is over takes its producer along, nobody says so, and the platform bounds them.
		const isCounted = this.#runHost.connector().scope === "process";
		if (isCounted && this.#count >= limits.runs) {
			throw new RunError(
				"run_limit",
				`There are ${limits.runs} producers; see limits.runs of Runs.`,
			);
		}
		this.#count++;
		let done: Promise<RunEnd> | undefined;
		try {
			const claimed = await this.#steps.claim(channel, lease);
			if (claimed === undefined) return { role: "reader", done: Promise.resolve(undefined) };
			done = new Producer(this.#runHost, this.#options, claimed).run(source).finally(() => {
				this.#count--;
			});
			try {
				waitUntil?.(done);
			} catch (error) {
				// The run goes on, and whoever asked is its producer.
				this.#runHost.report(error, channel);
			}
			return { role: "producer", done };
		} finally {
			if (done === undefined) this.#count--;
		}
	}
}
