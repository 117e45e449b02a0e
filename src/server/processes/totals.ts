import type { Counters, Stats } from "../../core/stats.ts";
import { counters } from "../../core/stats.ts";
import type { Child } from "./child.ts";
import { sharedAnswer } from "./shared-answer.ts";

/** How long the children may take to say what they count, in ms. One that does not is counted as it was last heard. */
const patience = 1_000;

/** What all processes counted. It never counts backwards: what a child counted that is gone stays in it. */
export class Totals {
	readonly #children: () => readonly Child[];
	readonly #gone: Counters = counters();
	readonly read: () => Promise<Stats> = sharedAnswer(() => this.#read());

	constructor(children: () => readonly Child[]) {
		this.#children = children;
	}

	/** A child has ended. */
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
