import { until } from "../support/wait.ts";
import { type Scene, seen, when } from "./client-scene.ts";
import type { Tab } from "./engines/engine.ts";

/** Messages that flow while tabs come and go: numbers, each once to each channel. */
export interface Flow {
	/** How many were published to each channel, so far. */
	readonly count: number;
	/** Waits until this many more have been published. */
	more(count: number): Promise<unknown>;
	/** Ends it. Returns how many there were in each channel. */
	stop(): Promise<number>;
}

// At most this many more than a waiting test needs are published. Otherwise a busy machine would fall behind
// for good: the browser reports each message to its driver, and answers in turn.
const lead = 200;

export function startFlow(
	scene: Scene,
	channels: readonly string[],
	typeOf: (n: number) => string | undefined = () => undefined,
): Flow {
	let flowing = true;
	let count = 0;
	let most = lead;
	let goOn: () => void = () => undefined;
	const publishing = (async () => {
		for (; flowing; count++) {
			if (count >= most) {
				await new Promise<void>((resolve) => {
					goOn = resolve;
				});
				if (!flowing) break;
			}
			const type = typeOf(count);
			for (const channel of channels) {
				await scene.sse.publish([channel, count], { channel, type });
			}
			// Bursts, and in between a rate that the tabs can follow.
			if (count % 20 > 4) await new Promise((resolve) => setTimeout(resolve, 2));
		}
	})();
	return {
		get count() {
			return count;
		},
		more: (wanted) => {
			const target = count + wanted;
			most = target + lead;
			goOn();
			return until(() => count >= target, { what: `${wanted} more messages` });
		},
		stop: async () => {
			flowing = false;
			goOn();
			await publishing;
			return count;
		},
	};
}

/** The numbers that a tab has seen of each channel, once it has seen the last of each. */
export async function numbers(
	tab: Tab,
	channels: readonly string[],
	count: number,
): Promise<number[][]> {
	const last = `([channel, n]) => channel === each && n === ${count - 1}`;
	await when(tab, `${JSON.stringify(channels)}.every((each) => seen.some(${last}))`);
	const all = await seen<[string, number]>(tab);
	return channels.map((each) => all.filter(([channel]) => channel === each).map(([, n]) => n));
}

/** Each number from `first` on, once. */
export function from(first: number, count: number): number[] {
	return Array.from({ length: count - first }, (_, index) => first + index);
}
