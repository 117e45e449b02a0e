import type { Counters, Stats } from "../../core/stats.ts";
import { counters } from "../../core/stats.ts";
import type { Child } from "./child.ts";
import { sharedAnswer } from "./shared-answer.ts";

/** How long the children may take to tell their counts, in ms. For one that is late, its last counts are used. */
const patience = 1_000;

/** Adds the counts of all processes. The sums never decrease, because they keep the counts of children that have ended. */
export class Totals {
	readonly #children: () => readonly Child[];
	readonly #gone: Counters = counters();
	readonly read: () => Promise<Stats> = sharedAnswer(() => this.#read());

	constructor(children: () => readonly Child[]) {
		this.#children = children;
	}

	/** Keeps the counts of a child that has ended. */
	gone({ stats }: Child): void {
		if (stats !== undefined) add(this.#gone, stats);
	}

	async #read(): Promise<Stats> {
		await Promise.allSettled(
			this.#children()
				.filter(({ isResponsive }) => isResponsive)
				.map((child) => child.askStats(patience)),
		);
		const all = { connections: 0, channels: 0, ...this.#gone };
		for (const { stats } of this.#children()) {
			if (stats === undefined) continue;
			add(all, stats);
			all.connections += stats.connections;
			all.channels += stats.channels;
		}
		return all;
	}
}

function add(sum: Counters, more: Counters): void {
	for (const key of Object.keys(counters()) as (keyof Counters)[]) sum[key] += more[key];
}
