import { ConfigurationError } from "../core/errors.ts";
import { variables } from "./variable-table.ts";

/** The variables of a process or of a Worker. */
export type Environment = Record<string, string | undefined>;

/** The variables besides `SSE_…` that the hub reads. */
const others = variables.flatMap(({ name }) => (name.startsWith("SSE_") ? [] : name));

/**
 * Refuses a variable that is set and empty. Its value, such as a secret, a list or a broker, did not arrive. Without it the
 * hub would be open, or its messages would go to another broker.
 *
 * @throws {ConfigurationError} that names the first such variable.
 */
export function refuseEmpty(environment: Environment): void {
	for (const [name, value] of Object.entries(environment)) {
		if (value === undefined || value.trim() !== "") continue;
		if (!name.startsWith("SSE_") && !others.includes(name)) continue;
		throw new ConfigurationError(`${name} is set, but empty; to do without it, unset it.`);
	}
}

/** @throws {ConfigurationError} when it is neither true nor false. */
export function flag(environment: Environment, name: string): boolean | undefined {
	const text = environment[name];
	if (text === undefined) return undefined;
	if (/^(true|1)$/i.test(text)) return true;
	if (/^(false|0)$/i.test(text)) return false;
	throw new ConfigurationError(`${name} must be true or false.`);
}

interface Range {
	least?: number;
	most?: number;
	/** What to do instead of a value that is out of range. The error ends with it. */
	instead?: string;
}

/** The longest timer, in ms. A longer one fires at once: https://developer.mozilla.org/docs/Web/API/Window/setTimeout */
export const longestTimer = 2_147_483_647;

/** @throws {ConfigurationError} when the value is not a whole number in this range. */
export function whole(
	environment: Environment,
	name: string,
	{ least = 0, most = Number.MAX_SAFE_INTEGER, instead = "" }: Range = {},
): number | undefined {
	const text = environment[name];
	if (text === undefined) return undefined;
	const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
	if (value >= least && value <= most) return value;
	throw new ConfigurationError(
		`${name} must be a whole number from ${least} to ${most}.${instead}`,
	);
}

/**
 * A list of entries with commas between them.
 *
 * @throws {ConfigurationError} when it has no entry. An empty list must not mean that everything is allowed.
 */
export function list(environment: Environment, name: string): string[] | undefined {
	const text = environment[name];
	if (text === undefined) return undefined;
	const entries = text.split(",").flatMap((entry) => entry.trim() || []);
	if (entries.length > 0) return entries;
	throw new ConfigurationError(`${name} names nothing; to do without it, unset it.`);
}

/**
 * A token that requests carry as `Authorization: Bearer …`.
 *
 * @throws {ConfigurationError} when no request could carry it.
 */
export function bearerToken(environment: Environment, name: string): string | undefined {
	const token = environment[name];
	// Hosts differ in how they read other characters of a header, and spaces at its ends are lost.
	if (token === undefined || /^[!-~]([ -~]*[!-~])?$/.test(token)) return token;
	throw new ConfigurationError(
		`${name} must be printable ASCII without a space or a line break at either end: no request ` +
			"could carry it. Make one with `openssl rand -hex 32`.",
	);
}
