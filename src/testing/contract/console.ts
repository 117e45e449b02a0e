import { textsOf } from "./show.ts";
import type { Watch } from "./timers.ts";

export interface ConsoleErrors extends Watch {
	readonly calls: unknown[][];
	/** Whether a call carried the value itself, or a text that holds the words. */
	mention(what: unknown): boolean;
}

/** Takes calls of `console.error` until it is told to stop. */
export function consoleErrors(): ConsoleErrors {
	const calls: unknown[][] = [];
	const original = console.error;
	console.error = (...args: unknown[]) => {
		calls.push(args);
	};
	return {
		calls,
		mention: (what) =>
			calls.some((args) =>
				typeof what === "string"
					? textsOf(args).some((text) => text.includes(what))
					: args.includes(what),
			),
		stop: () => {
			console.error = original;
		},
	};
}
