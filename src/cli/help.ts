import type { Options } from "./arguments.ts";
import type { Command } from "./command.ts";
import { columns } from "./text.ts";

/** Returns the help of all commands, or of those that begin with one word. */
export function overview(commands: readonly Command[]): string {
	return [
		"Usage: edge-sse [command] [options]",
		"",
		"Server-sent events: a hub to publish to and to stream from, and what goes with it.",
		"",
		columns(commands.map(({ usage, summary }) => [usage, summary])),
		"",
		"`edge-sse <command> --help` shows the options of a command; `--version` the version.",
		"Without a command it serves, on http://127.0.0.1:8787.",
	].join("\n");
}

/** Returns the help of one command. */
export function helpOf({ usage, summary, text = [], options }: Command): string {
	const paragraphs = [`Usage: edge-sse ${usage}`, `${summary}.`, ...text, optionRows(options)];
	return paragraphs.filter((paragraph) => paragraph !== "").join("\n\n");
}

function optionRows(options: Options): string {
	const rows = Object.entries(options).map(([name, { value, short, help }]): [string, string] => {
		const long = `--${name}${value === undefined ? "" : ` ${value}`}`;
		return [short === undefined ? long : `-${short}, ${long}`, help];
	});
	return rows.length === 0 ? "" : `Options:\n${columns(rows)}`;
}
