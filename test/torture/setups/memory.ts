import type { Environment, EnvironmentOptions, StoreLoss } from "../environment.ts";
import { Hubs, realHub } from "../hubs.ts";

/** One process that is hub and broker. Its history ends with it: then a gap is the right answer. */
export async function memoryEnvironment({ maxLength }: EnvironmentOptions): Promise<Environment> {
	const hubs = new Hubs();
	const storeLosses: StoreLoss[] = [];
	const hub = await hubs.start("hub", realHub({ SSE_HISTORY_LENGTH: String(maxLength) }));
	return {
		hubs: hubs.slots,
		broker: undefined,
		faults: [hubs.fault(hub, (from) => storeLosses.push({ from, to: Date.now() }))],
		problems: hubs.problems,
		forgets: true,
		storeLosses,
		[Symbol.asyncDispose]: () => hubs.stop(),
	};
}
