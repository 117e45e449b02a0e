import { SseError } from "../core/errors.ts";
import { checkNames } from "../core/known-names.ts";
import { exceeds } from "../core/message/text.ts";
import type { RunHost } from "../core/run-host.ts";
import type { RunEndState, RunStore } from "../core/run-store.ts";
import { areChunks, isBytes } from "./chunks.ts";
import { RunError, refusalOf } from "./errors.ts";
import { chunkPayload, endPayload } from "./messages.ts";
import { type CheckedRunsOptions, checkedLease } from "./options.ts";
import type { Claimed } from "./producer.ts";

/** The options of a run in steps. */
export interface StepOptions {
	/**
	 * How long the producer may be silent, in ms.
	 *
	 * @defaultValue `lease` of the `Runs`
	 */
	lease?: number | undefined;
}

/** How many unanswered claims are remembered. */
const mostUnanswered = 1_000;

/** Claims runs for producers that append by themselves, and serves them. */
export class RunSteps {
	readonly #runHost: RunHost;
	readonly #options: CheckedRunsOptions;
	/** The last append under way, by channel. */
	readonly #underWay = new Map<string, Promise<unknown>>();
	/** Claims without an answer. The store may have begun the run, and a caller that asks again must become its producer. */
	readonly #unanswered = new Map<string, { token: string; name: string }>();

	constructor(runHost: RunHost, options: CheckedRunsOptions) {
		this.#runHost = runHost;
		this.#options = options;
	}

	/** @returns undefined: another caller has the run. */
	async claim(channel: string, lease: number): Promise<Claimed | undefined> {
		const { runs } = this.#runHost.connector();
		const { maxAge, keepDone, maxLength, limits } = this.#options;
		const key = `${lease} ${channel}`;
		const names = this.#unanswered.get(key) ?? {
			token: crypto.randomUUID(),
			name: crypto.randomUUID(),
		};
		// Only one of two concurrent callers may take the claim.
		this.#unanswered.delete(key);
		const claim = { ...names, lease, maxAge, keepDone, maxLength, maxBytes: limits.runBytes };
		try {
			const { mine, record } = await runs.claim(channel, claim);
			// A run that was claimed earlier may have ended as lost meanwhile.
			if (!mine || record.state !== "running") return undefined;
			return { channel, token: names.token, lease };
		} catch (error) {
			if (error instanceof SseError && error.code === "unavailable") this.#keep(key, names);
			throw error;
		}
	}

	#keep(key: string, names: { token: string; name: string }): void {
		const [oldest] = this.#unanswered.keys();
		if (oldest !== undefined && this.#unanswered.size >= mostUnanswered) {
			this.#unanswered.delete(oldest);
		}
		this.#unanswered.set(key, names);
	}

	async start(channel: string, options: StepOptions) {
		if (areChunks(options) || options instanceof Promise) {
			throw new TypeError("Runs: start(): source: must be a function, such as () => stream.");
		}
		checkNames("Runs: start(): ", options, ["lease"]);
		const claimed = await this.claim(
			channel,
			checkedLease("lease", options.lease, this.#options.lease),
		);
		if (claimed !== undefined) return { role: "producer", lease: claimed.token } as const;
		return { role: "reader", done: Promise.resolve(undefined) } as const;
	}

	async append(channel: string, chunk: unknown, options: { lease: string }) {
		checkNames("Runs: append(): ", options, ["lease"]);
		const token = checkedToken(options.lease);
		const value = isBytes(chunk) ? textOf(chunk) : chunk;
		const payload = chunkPayload(typeof value === "string" ? value.toWellFormed() : value);
		const { chunkBytes } = this.#options.limits;
		if (exceeds(payload, chunkBytes)) {
			throw new RunError("run_limit", `A chunk has at most ${chunkBytes} bytes.`);
		}
		const answer = await this.#inTurn(channel, (runs) =>
			runs.append(channel, { token, payloads: [payload] }),
		);
		if (answer.refused !== undefined) throw refusalOf(answer);
		return answer.cancel === undefined ? {} : { cancel: answer.cancel };
	}

	async finish(
		channel: string,
		options: { lease: string; status?: Exclude<RunEndState, "lost">; reason?: string },
	): Promise<void> {
		checkNames("Runs: finish(): ", options, ["lease status reason"]);
		const { lease, status = "done", reason = "" } = options;
		const token = checkedToken(lease);
		if (!["done", "error", "cancelled"].includes(status)) {
			throw new TypeError('Runs: finish(): status: must be "done", "error" or "cancelled".');
		}
		if (typeof reason !== "string" || reason.length > 1_000) {
			throw new TypeError("Runs: finish(): reason: must be a string of at most 1,000 characters.");
		}
		const ended = await this.#inTurn(channel, (runs) =>
			runs.finish(channel, { token, state: status, reason, payload: endPayload(status) }),
		);
		if (ended.refused === undefined && ended.state === status) return;
		throw refusalOf({
			refused: "superseded",
			state: ended.refused === undefined ? ended.state : undefined,
		});
	}

	/** Runs the calls of a channel one after another. */
	async #inTurn<T>(channel: string, make: (runs: RunStore) => Promise<T>): Promise<T> {
		const { scope, runs } = this.#runHost.connector();
		const call = () => make(runs);
		// Where requests cannot share I/O, a request that ends takes its calls along. Nobody may wait for them.
		if (scope === "request") return call();
		const before = this.#underWay.get(channel);
		const calling = before === undefined ? call() : before.then(call, call);
		this.#underWay.set(channel, calling);
		try {
			return await calling;
		} finally {
			if (this.#underWay.get(channel) === calling) this.#underWay.delete(channel);
		}
	}
}

/** The text of one chunk. It is complete, so half of a character at its end is an error. */
function textOf(bytes: ArrayBuffer | ArrayBufferView<ArrayBuffer>): string {
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		throw new TypeError(
			"Runs: append(): chunk: bytes must be text in UTF-8, and end with a character.",
		);
	}
}

function checkedToken(lease: unknown): string {
	if (typeof lease === "string" && lease !== "") return lease;
	throw new TypeError("Runs: lease: must be what start() gave as `lease`.");
}
