import type { RunHost } from "../core/run-host.ts";
import { RunError } from "./errors.ts";
import type { CheckedRunsOptions } from "./options.ts";
import { type Claimed, Producer, type RunSource } from "./producer.ts";
import type { RunEnd } from "./reader.ts";
import type { Started } from "./status.ts";
import type { RunSteps } from "./steps.ts";

/** How long `close()` waits until the ends of runs are stored, in ms. */
const endPatience = 3_000;

/** The producers of this process that read a source. */
export class Producers {
	readonly #runHost: RunHost;
	readonly #options: CheckedRunsOptions;
	readonly #steps: RunSteps;
	#count = 0;
	/** The producers that `close()` stops. */
	readonly #open = new Map<Producer, Promise<RunEnd>>();
	#isStopped = false;

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
		// Where a producer ends with its request, its end is not observable. The platform bounds how many there are.
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
			done = this.#produce(claimed, source, isCounted);
			try {
				waitUntil?.(done);
			} catch (error) {
				// The run continues, and this caller is its producer.
				this.#runHost.report(error, channel);
			}
			return { role: "producer", done };
		} finally {
			if (done === undefined) this.#count--;
		}
	}

	/** @param isStopped whether `close()` may end this run. Where requests cannot share I/O, no request can end another's. */
	#produce(claimed: Claimed, source: RunSource, isStopped: boolean): Promise<RunEnd> {
		const producer = new Producer(this.#runHost, this.#options, claimed);
		const done = producer.run(source).finally(() => {
			this.#count--;
			this.#open.delete(producer);
			if (this.#open.size === 0) this.#runHost.beforeClose.delete(this.#stop);
		});
		if (isStopped) {
			this.#open.set(producer, done);
			this.#runHost.beforeClose.add(this.#stop);
		}
		// It began while the others were being stopped.
		if (this.#isStopped) producer.stop();
		return done;
	}

	/**
	 * Ends all runs of this process; otherwise readers elsewhere would wait for their leases. It waits only a moment for a
	 * broker that is away.
	 */
	readonly #stop = async (): Promise<void> => {
		this.#isStopped = true;
		for (const producer of this.#open.keys()) producer.stop();
		let timer: ReturnType<typeof setTimeout> | undefined;
		const late = new Promise<void>((resolve) => {
			timer = setTimeout(resolve, endPatience);
		});
		await Promise.race([Promise.all(this.#open.values()), late]);
		clearTimeout(timer);
	};
}
