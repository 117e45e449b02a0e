import { nearestName } from "../core/known-names.ts";

import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { env } from "./env.ts";
import { helpOf, overview } from "./help.ts";
import { endWithReader } from "./output.ts";
import { publish } from "./publish.ts";
import { serve } from "./serve.ts";
import { tail } from "./tail.ts";
import { UsageError } from "./usage-error.ts";

/** Put in by the build. */
declare const EDGE_SSE_VERSION: string;

const commands: Readonly<Record<string, Command>> = { serve, publish, tail, check, env };

async function main(args: readonly string[]): Promise<void> {
	const [first = ""] = args;
	if (first === "--version" || first === "-v") return console.log(EDGE_SSE_VERSION);
	if (first === "--help" || first === "-h" || first === "help") {
		return console.log(overview(commands));
	}
	const isNamed = first !== "" && !first.startsWith("-");
	const command = isNamed ? named(first) : serve;
	const rest = isNamed ? args.slice(1) : args;
	if (asksForHelp(rest)) return console.log(helpOf(command));
	await command.run(rest);
}

function named(name: string): Command {
	if (Object.hasOwn(commands, name)) return commands[name] ?? serve;
	const nearest = nearestName(name, Object.keys(commands), 2);
	const way =
		nearest === undefined
			? `Those are ${Object.keys(commands).join(", ")}.`
			: `Did you mean ${nearest}?`;
	const shown = /^[\w-]{1,32}$/.test(name) ? `${name}: there` : "There";
	throw new UsageError(`${shown} is no such command. ${way}`);
}

// Also beside what is wrong: whoever asks for help shall have it.
function asksForHelp(args: readonly string[]): boolean {
	const end = args.indexOf("--");
	return (end < 0 ? args : args.slice(0, end)).some((arg) => arg === "--help" || arg === "-h");
}

endWithReader();
try {
	await main(process.argv.slice(2));
} catch (error) {
	const message = error instanceof Error ? error.message : String(error);
	console.error(`edge-sse: ${message}`);
	process.exit(error instanceof UsageError ? 2 : 1);
}
