import type { Options } from "./arguments.ts";

/** A command of `edge-sse`. */
export interface Command {
	/** How the help writes it, without `edge-sse`. */
	usage: string;
	summary: string;
	/** More paragraphs of its help. */
	text?: readonly string[];
	options: Options;
	run(args: readonly string[]): Promise<void>;
}
