import { setTimeout as delay } from "node:timers/promises";
import type { Environment } from "./environment.ts";
import type { Ledger } from "./ledger.ts";
import { keyOf } from "./text.ts";

/**
 * Reads the store all the time, so that messages which it trims are known too. At the end it compares them with
 * what was acknowledged.
 */
export class StoreWatch implements AsyncDisposable {
	readonly #environment: Environment;
	readonly #ledger: Ledger;
	readonly #ends = new Map<string, string>();
	readonly #stored = new Map<string, Set<string>>();
	readonly #watching: Promise<void>;
	#over = false;

	constructor(environment: Environment, ledger: Ledger, channels: readonly string[]) {
		this.#environment = environment;
		this.#ledger = ledger;
		for (const channel of channels) {
			this.#ends.set(channel, "0-0");
			this.#stored.set(channel, new Set());
		}
		this.#watching = this.#watch();
	}

	async #watch(): Promise<void> {
		while (!this.#over) {
			// While the store is down nothing can be read. What it has is read later.
			for (const channel of this.#ends.keys()) await this.#readOn(channel).catch(() => false);
			await delay(this.#environment.watchPause ?? 100);
		}
	}

	/** @returns whether there may be more. */
	async #readOn(channel: string): Promise<boolean> {
		const kept = await this.#environment.kept?.(channel, this.#ends.get(channel) ?? "0-0");
		for (const { id, text } of kept ?? []) {
			this.#ends.set(channel, id);
			const key = keyOf(text.replaceAll("\r\n", "\n"));
			if (key === undefined) this.#ledger.problems.push(`${channel} keeps ${text.slice(0, 80)}`);
			else this.#ledger.witnessed(channel, key, id);
			this.#stored.get(channel)?.add(id);
		}
		return (kept?.length ?? 0) > 0;
	}

	/** Everything acknowledged, and everything that a client was sent, must have been in the store. */
	async finish(maxLength: number): Promise<void> {
		await this[Symbol.asyncDispose]();
		if (this.#environment.kept === undefined) return;
		for (const [channel, stored] of this.#stored) {
			while (await this.#readOn(channel));
			const foreign = this.#ledger.sequence(channel).filter(({ id }) => !stored.has(id));
			// A short history may have trimmed messages between two reads.
			if (maxLength < 1_000 || foreign.length === 0) continue;
			const [first] = foreign;
			this.#ledger.problems.push(
				`${foreign.length} messages of ${channel} are not in the store, such as ${first?.key} ${first?.id}`,
			);
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#over = true;
		await this.#watching;
	}
}
