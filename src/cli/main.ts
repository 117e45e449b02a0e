import { nearestName } from "../core/known-names.ts";

import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { doctor } from "./doctor.ts";
import { env } from "./env.ts";
import { helpOf, overview } from "./help.ts";
import { endWithReader, note } from "./output.ts";
import { publish } from "./publish.ts";
import { serve } from "./serve.ts";
import { tail } from "./tail.ts";
import { keys } from "./token/keys.ts";
import { make } from "./token/make.ts";
import { read } from "./token/read.ts";
import { UsageError } from "./usage-error.ts";

/** The build defines it. */
declare const EDGE_SSE_VERSION: string;

const commands: Readonly<Record<string, Command>> = {
	...{ serve, publish, tail, doctor, check, env },
	...{ "token make": make, "token read": read, "token keys": keys },
};

async function main(args: readonly string[]): Promise<void> {
	const [first = ""] = args;
	if (first === "--version" || first === "-v") return console.log(EDGE_SSE_VERSION);
	if (first === "--help" || first === "-h" || first === "help") {
		return console.log(overview(Object.values(commands)));
	}
	const [command, rest] = first === "" || first.startsWith("-") ? [serve, args] : named(args);
	if (asksForHelp(rest)) {
		return console.log(Array.isArray(command) ? overview(command) : helpOf(command));
	}
	if (!Array.isArray(command)) return command.run(rest);
	const words = command.map(({ usage }) => usage.split(" ")[1]);
	throw new UsageError(`${first}: must be followed by one of ${words.join(", ")}.`);
}

/** Returns the command that the arguments name, or all commands that begin with that word, and the other arguments. */
function named(args: readonly string[]): [Command | Command[], readonly string[]] {
	const [first = "", second = ""] = args;
	for (const [name, count] of [[`${first} ${second}`, 2] as const, [first, 1] as const]) {
		const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
		if (command !== undefined) return [command, args.slice(count)];
	}
	const group = Object.values(commands).filter(({ usage }) => usage.startsWith(`${first} `));
	if (group.length > 1) return [group, args.slice(1)];
	const words = [...new Set(Object.keys(commands).map((name) => name.split(" ")[0] ?? name))];
	const nearest = nearestName(first, words, 2);
	const way = nearest === undefined ? `Those are ${words.join(", ")}.` : `Did you mean ${nearest}?`;
	const shown = /^[\w-]{1,32}$/.test(first) ? `${first}: there` : "There";
	throw new UsageError(`${shown} is no such command. ${way}`);
}

// Help is printed even when other arguments are wrong.
function asksForHelp(args: readonly string[]): boolean {
	const end = args.indexOf("--");
	return (end < 0 ? args : args.slice(0, end)).some((arg) => arg === "--help" || arg === "-h");
}

endWithReader();
try {
	await main(process.argv.slice(2));
} catch (error) {
	note(error instanceof Error ? error.message : String(error));
	process.exit(error instanceof UsageError ? 2 : 1);
}
