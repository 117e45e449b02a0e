import { ConfigurationError } from "../core/errors.ts";
import { type Variable, variables } from "../server/variable-table.ts";
import type { Environment } from "../server/variables.ts";
import {
	type Arguments,
	type Option,
	type Options,
	type Refusals,
	readArguments,
} from "./arguments.ts";
import { readSecret } from "./secret.ts";
import { plain } from "./text.ts";
import { UsageError } from "./usage-error.ts";

/** Returns the name of a variable's option. Undefined: it has none. */
export function optionOf({ name, secret, hasNoOption }: Variable): string | undefined {
	if (hasNoOption) return undefined;
	const option = name.replace(/^SSE_/, "").toLowerCase().replaceAll("_", "-");
	return secret === "always" ? `${option}-file` : option;
}

/** The options of `serve` and `check`. Each variable has one, from the same table. */
export const hubOptions: Options = Object.fromEntries(
	variables.flatMap((variable): [string, Option][] => {
		const name = optionOf(variable);
		if (name === undefined) return [];
		if (variable.secret === "always") {
			return [[name, { value: "<file>", help: `${variable.name}, read from a file` }]];
		}
		const help = `${plain(variable.meaning)}${variable.default === "" ? "" : ` (${variable.default})`}`;
		const option: [string, Option] = [
			name,
			variable.isFlag ? { help } : { value: placeholder(variable), help },
		];
		if (variable.secret === undefined) return [option];
		return [
			option,
			[`${name}-file`, { value: "<file>", help: `${variable.name}, read from a file` }],
		];
	}),
);

function placeholder({ name, default: value }: Variable): string {
	if (/_URL$/.test(name)) return "<url>";
	return /^\d+$/.test(value) || /_(LENGTH|SECONDS|DURATION)$/.test(name) ? "<number>" : "<text>";
}

/** Secrets are no options, because every user of a machine can list the arguments of every process. */
const refusedSecrets: Refusals = Object.fromEntries(
	variables.flatMap(({ name, secret, hasNoOption }) => {
		if (secret !== "always" || hasNoOption) return [];
		const option = name.replace(/^SSE_/, "").toLowerCase().replaceAll("_", "-");
		return [[option, secretAdvice(name, `${option}-file`)]];
	}),
);

function secretAdvice(variable: string, option: string): string {
	return (
		"a secret is no argument, as every user of this machine can read the arguments of its processes. " +
		`Set ${variable}, or name a file that has it: --${option} <file>.`
	);
}

export function readHubArguments(args: readonly string[], more: Options): Arguments {
	return readArguments(args, { ...hubOptions, ...more }, refusedSecrets);
}

/**
 * Returns the environment, with the options' values as their variables.
 *
 * @throws {UsageError} for a password in an argument; {ConfigurationError} for a file that cannot be read.
 */
export function withOptions(environment: Environment, given: Arguments): Environment {
	const set: Environment = {};
	for (const variable of variables) {
		const { name, secret, isFlag } = variable;
		const option = optionOf(variable);
		if (option === undefined) continue;
		const value = given.value(option);
		if (value !== undefined) {
			if (secret === "with a password" && hasPassword(value)) {
				throw new UsageError(
					`--${option}: has a password in it, and ${secretAdvice(name, `${option}-file`)}`,
				);
			}
			set[name] = isFlag ? "true" : secret === "always" ? readSecret(option, value) : value;
		}
		const file = secret === "with a password" ? given.value(`${option}-file`) : undefined;
		if (file === undefined) continue;
		if (value !== undefined) {
			throw new ConfigurationError(`--${option} and --${option}-file: give one of them, not both.`);
		}
		set[name] = readSecret(`${option}-file`, file);
	}
	return { ...environment, ...set };
}

/** Rewrites an error about a variable that an option has set: it names the option. */
export function inOptions(error: unknown, given: Arguments): unknown {
	if (!(error instanceof ConfigurationError)) return error;
	let { message } = error;
	for (const variable of variables) {
		const option = optionOf(variable);
		const used = [option, `${option}-file`].find((name) => name !== undefined && given.has(name));
		if (used !== undefined) {
			message = message.replace(new RegExp(`\\b${variable.name}\\b`, "g"), `--${used}`);
		}
	}
	return new ConfigurationError(message, { cause: error });
}

// With some characters in it, a parser does not see a password as the URL's `password`. So the text itself is checked.
function hasPassword(text: string): boolean {
	return text.includes("@") && !/^[a-z]+:\/\/[^:@/?#]*@[^@]*$/i.test(text);
}
