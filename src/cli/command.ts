import type { Options } from "./arguments.ts";

/** One of the words after `edge-sse`. */
export interface Command {
	/** As the help shows it, without `edge-sse`. */
	usage: string;
	summary: string;
	/** What else the help says, a paragraph each. */
	text?: readonly string[];
	options: Options;
	run(args: readonly string[]): Promise<void>;
}
