import { ConfigurationError } from "../core/errors.ts";
import { variables } from "./variable-table.ts";

/** What a process or a Worker was started with. */
export type Environment = Record<string, string | undefined>;

/** The variables besides `SSE_…` that the hub reads. */
const others = variables.flatMap(({ name }) => (name.startsWith("SSE_") ? [] : name));

/**
 * A variable that is set and empty is a value that did not arrive: a secret, a list, a broker. Doing
 * without it would open the hub, or put its messages where nobody looks for them.
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
	/** Ends the error: what to do instead of a value that is out of range. */
	instead?: string;
}

/** A timer of more ms fires at once: https://developer.mozilla.org/docs/Web/API/Window/setTimeout */
export const longestTimer = 2_147_483_647;

/** @throws {ConfigurationError} when it is no whole number of this range. */
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
 * Entries with commas between them.
 *
 * @throws {ConfigurationError} when it has none: a list of nothing is no list of everything.
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
	// A header field carries nothing else to every host alike, and loses the spaces at its ends.
	if (token === undefined || /^[!-~]([ -~]*[!-~])?$/.test(token)) return token;
	throw new ConfigurationError(
		`${name} must be printable ASCII without a space or a line break at either end: no request ` +
			"could carry it. Make one with `openssl rand -hex 32`.",
	);
}
