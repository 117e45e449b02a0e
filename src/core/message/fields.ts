import { exceeds } from "./text.ts";

/**
 * The rules for an event's type, id and retry. They hold when a message is made, published, or
 * read from a broker.
 *
 * A browser sends the id back in a header. An id that a header cannot carry, or that a server
 * refuses, would lock that browser out for good.
 */

/**
 * The limit of a field: bytes of UTF-8 for an id or a type, ms for a retry (a day). A constant
 * would stay with `Message` in bundles that do not use it; so would the patterns below.
 */
export function longest(field: "id" | "type" | "retry"): number {
	if (field === "id") return 1_024;
	return field === "type" ? 256 : 86_400_000;
}

/**
 * Names the rule that an id breaks. Undefined: none. `""` is allowed: it resets the client's
 * id.
 */
export function idProblem(id: string): string | undefined {
	if (exceeds(id, longest("id"))) return `must have at most ${longest("id")} bytes of UTF-8`;
	if (isPrintable(id)) return undefined;
	if (!id.isWellFormed()) return "must be well-formed Unicode, without a lone surrogate";
	// CR and LF end the field, NUL voids it, and a header cannot carry the others.
	if (/\p{Cc}/u.test(id)) return "must not contain a control character, such as CR, LF or NUL";
	// Headers lose such spaces.
	if (id !== id.trim()) return "must not begin or end with a space";
	return undefined;
}

/** Names the rule that a type breaks. Undefined: none. */
export function typeProblem(type: string): string | undefined {
	if (exceeds(type, longest("type"))) return `must have at most ${longest("type")} bytes of UTF-8`;
	if (isPrintable(type)) return undefined;
	if (!type.isWellFormed()) return "must be well-formed Unicode, without a lone surrogate";
	// CR and LF end the field. Invisible characters make two types look like one.
	if (/[\p{Cc}\p{Cf}]/u.test(type)) {
		return "must not contain a control or format character, such as CR, LF or a zero-width space";
	}
	return undefined;
}

/** Names the rule that a retry breaks. Undefined: none. */
export function retryProblem(retry: unknown): string | undefined {
	const isWhole = Number.isSafeInteger(retry) && Number(retry) >= 0;
	if (isWhole && Number(retry) <= longest("retry")) return undefined;
	return `must be a whole number of milliseconds from 0 to ${longest("retry")}, which is a day`;
}

/** Nearly all texts are printable ASCII, where only the length can be wrong. */
function isPrintable(text: string): boolean {
	return /^[\x21-\x7e]*$/.test(text);
}

/**
 * Types that only edge-sse itself may send, so that nobody can forge them: those that begin
 * with `sse.`, and those that look like one. Letters and dots of Cyrillic, Greek, Armenian,
 * Cherokee, Lisu and others look alike by https://www.unicode.org/reports/tr39/.
 *
 * @param type a type that `typeProblem` accepts, so it is short.
 */
export function isReserved(type: string | undefined): boolean {
	if (type === undefined) return false;
	if (isPrintable(type)) return type.slice(0, 4).toLowerCase() === "sse.";
	// Characters that are invisible, or visible only on the letter before them.
	const unseen = /[\s\p{Cc}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}]/gu;
	// To lower case and then to upper case: two letters that are equal in some alphabet become one.
	const folded = type.normalize("NFKD").replace(unseen, "").toLowerCase().toUpperCase();
	return /^[S\u0405\u054f\u13d5\u13da\ua4e2\ua731\u01bc]{2}[E\u0415\u0395\u04bc\u13ac\ua4f0\u2d39\u212e\uab32][.\u3002\u00b7\u2027\ua4f8\u0660\u06f0]/u.test(
		folded,
	);
}
