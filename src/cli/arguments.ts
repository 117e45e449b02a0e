import { parseArgs } from "node:util";
import { nearestName } from "../core/known-names.ts";
import { UsageError } from "./usage-error.ts";

/** An option of a command, written as `--name`. */
export interface Option {
	/** The placeholder of its value in the help. Absent: the option has no value. */
	value?: string;
	/** One letter: `-h`. */
	short?: string;
	help: string;
	/** The option may be given more than once. */
	isList?: true;
}

export type Options = Readonly<Record<string, Option>>;

export interface Arguments {
	/** The value of an option that takes one. */
	value(name: string): string | undefined;
	values(name: string): string[];
	has(name: string): boolean;
	positionals: string[];
}

/** Names that users may take for options, each with what to do instead. */
export type Refusals = Readonly<Record<string, string>>;

/**
 * Reads the arguments of a command. Errors never show an option's value, because it may be a secret.
 *
 * @throws {UsageError} for an unknown option, with the nearest name.
 */
export function readArguments(
	args: readonly string[],
	options: Options,
	refusals: Refusals = {},
): Arguments {
	const { tokens, positionals } = parseArgs({
		args: [...args],
		options: Object.fromEntries(Object.entries(options).map(asParsed)),
		...{ strict: false, allowPositionals: true, tokens: true },
	});
	const given = new Map<string, string[]>();
	for (const token of tokens ?? []) {
		if (token.kind !== "option") continue;
		const { name, rawName, value } = token;
		const option = Object.hasOwn(options, name) ? options[name] : undefined;
		if (option === undefined) throw unknownOption(name, rawName, options, refusals);
		if (option.value === undefined && value !== undefined) {
			throw new UsageError(`${rawName}: takes no value.`);
		}
		if (option.value !== undefined && value === undefined) {
			throw new UsageError(`${rawName}: needs a value: ${rawName} ${option.value}.`);
		}
		const before = given.get(name) ?? [];
		if (before.length > 0 && option.isList === undefined) {
			throw new UsageError(`${rawName}: is given twice.`);
		}
		given.set(name, [...before, value ?? ""]);
	}
	return {
		value: (name) => given.get(name)?.at(-1),
		values: (name) => given.get(name) ?? [],
		has: (name) => given.has(name),
		positionals,
	};
}

function asParsed([name, { value, short }]: [string, Option]) {
	const type = value === undefined ? "boolean" : "string";
	const config: { type: "boolean" | "string"; short?: string } = { type };
	if (short !== undefined) config.short = short;
	return [name, config] as const;
}

function unknownOption(
	name: string,
	rawName: string,
	options: Options,
	refusals: Refusals,
): UsageError {
	if (Object.hasOwn(refusals, name)) return new UsageError(`--${name}: ${refusals[name]}`);
	// Text that is not a name may be a secret, so the message does not show it.
	if (!/^--?[a-z][a-z-]{0,40}$/i.test(rawName)) return new UsageError("There is no such option.");
	const nearest = nearestName(name, Object.keys(options), Math.max(2, name.length / 3));
	const way = nearest === undefined ? "See --help." : `Did you mean --${nearest}?`;
	return new UsageError(`${rawName}: there is no such option. ${way}`);
}

/**
 * Returns the whole number from 1 that an option has.
 *
 * @throws {UsageError} for anything else.
 */
export function countOf(name: string, text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
	throw new UsageError(`--${name}: must be a whole number from 1.`);
}

/** @throws {UsageError} when there are more arguments than the command reads. */
export function refuseMore(positionals: readonly string[], most: number, usage: string): void {
	if (positionals.length > most) throw new UsageError(`Too many arguments. Usage: ${usage}`);
}
