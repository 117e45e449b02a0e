import { ConfigurationError } from "../../core/errors.ts";
import type { Arguments, Options, Refusals } from "../arguments.ts";
import { readSecret } from "../secret.ts";
import { UsageError } from "../usage-error.ts";

/** The options on which the maker and the reader of a token must agree. The hub has a variable for each. */
export const agreed: Options = {
	"secret-file": { value: "<file>", help: "The secret, read from a file (SSE_JWT_SECRET)" },
	claim: { value: "<name>", help: "Where the channels are (SSE_JWT_CLAIM, or channels)" },
	issuer: { value: "<text>", help: "The token's iss (SSE_JWT_ISSUER)" },
	audience: { value: "<text>", help: "The token's aud (SSE_JWT_AUDIENCE)" },
};

export const refusedKeys: Refusals = Object.fromEntries(
	["secret", "private-key"].map((name) => [
		name,
		"a secret is no argument, as every user of this machine can read the arguments of its processes. " +
			`Name a file that has it: --${name}-file <file>.`,
	]),
);

/** Returns an option's value, or that of the hub's variable. */
export function agreedValue(given: Arguments, name: "claim" | "issuer" | "audience") {
	return given.value(name) ?? set(`SSE_JWT_${name.toUpperCase()}`);
}

export function secretOf(given: Arguments): string | undefined {
	const file = given.value("secret-file");
	return file === undefined ? set("SSE_JWT_SECRET") : readSecret("secret-file", file);
}

function set(name: string): string | undefined {
	const value = process.env[name];
	if (value === "") throw new ConfigurationError(`${name} is set, but empty.`);
	return value;
}

const units: Readonly<Record<string, number>> = {
	...{ s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 },
};

/** Returns `90s`, `15m`, `12h` or `30d` in ms. */
export function duration(option: string, text: string): number {
	const [, count = "", unit = ""] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
	const ms = Number(count) * (units[unit] ?? 0);
	if (ms > 0) return ms;
	throw new UsageError(`--${option}: must be a number with s, m, h or d, such as 15m.`);
}

/** @throws {ConfigurationError} that shows nothing of the file. */
export function parsedJson(option: string, text: string): object {
	try {
		const value: unknown = JSON.parse(text);
		if (typeof value === "object" && value !== null) return value;
	} catch {
		// The parser's own error would quote the text, which may be a secret.
	}
	throw new ConfigurationError(`--${option}: the file holds no JSON object.`);
}
