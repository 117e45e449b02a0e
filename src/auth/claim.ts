import type { JWTPayload } from "jose";

/**
 * What a token's bearer may do, by channel names that follow the rules of `channels.allowed`.
 * `users.42.*` matches every channel that begins with `users.42.`, and `*` matches every
 * channel. A `*` elsewhere is just that character.
 */
export interface Rights {
	subscribe: readonly string[];
	publish: readonly string[];
	/** Channels whose streams its bearer may end. */
	disconnect: readonly string[];
	/** Channels whose members its bearer may read. */
	members: readonly string[];
}

/** The most names in one list. */
const maxNames = 256;

/** The longest name, in UTF-16 code units: as long as a channel's name may be. */
const maxLength = 512;

const none: Rights = { subscribe: [], publish: [], disconnect: [], members: [] };

/**
 * The rights in a claim: a list of channels to subscribe to, or an object with a list for each.
 * Any may be missing, and other fields are ignored. No claim: no rights.
 *
 * @returns undefined when the claim is malformed. Then it grants nothing.
 */
export function rightsOf(claims: JWTPayload, claim: string): Rights | undefined {
	if (!Object.hasOwn(claims, claim)) return none;
	const value: unknown = claims[claim];
	if (Array.isArray(value)) return checked({ ...none, subscribe: value });
	if (typeof value !== "object" || value === null) return undefined;
	const list = (name: string): unknown =>
		Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : [];
	const names = Object.keys(none) as (keyof Rights)[];
	return checked(Object.fromEntries(names.map((name) => [name, list(name)])));
}

function checked(rights: { [right: string]: unknown }): Rights | undefined {
	const sound = Object.values(rights).every((list) => namesProblem(list) === undefined);
	return sound ? (rights as unknown as Rights) : undefined;
}

/** Names the rule that a list of names breaks, in words that follow a name and a colon. */
export function namesProblem(names: unknown): string | undefined {
	if (!Array.isArray(names)) return "must be an array of channel names.";
	if (names.length > maxNames) return `holds at most ${maxNames} names, got ${names.length}.`;
	for (const name of names) {
		if (typeof name !== "string" || name === "") return "a name must be a string, not empty.";
		if (name.length > maxLength) return `a name has at most ${maxLength} characters.`;
		if (!name.isWellFormed()) return "a name must be well-formed Unicode.";
	}
	return undefined;
}
