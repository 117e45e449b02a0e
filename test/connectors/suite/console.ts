import { inspect } from "node:util";

export interface ConsoleErrors extends Disposable {
	readonly calls: unknown[][];
	/** Whether a call carried the value itself, or a text that holds the words. */
	mention(what: unknown): boolean;
}

/** Takes what goes to `console.error` until the scope ends. */
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
				typeof what === "string" ? inspect(args).includes(what) : args.includes(what),
			),
		[Symbol.dispose]: () => {
			console.error = original;
		},
	};
}
