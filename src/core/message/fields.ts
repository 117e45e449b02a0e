import { exceeds } from "./text.ts";

/**
 * What an event's type, id and retry may be. Said here once, and held to when a message is made, published
 * or read from a broker.
 *
 * A browser sends an id back in a header: what a header cannot carry whole, or a server refuses, would keep
 * that browser out for good.
 */

/**
 * The most that there may be of a field: of an id and a type in bytes of UTF-8, of a retry in ms (a day). Not
 * constants, for these would stay with `Message` in bundles that use nothing of it; nor are the patterns below.
 */
export function longest(field: "id" | "type" | "retry"): number {
	if (field === "id") return 1_024;
	return field === "type" ? 256 : 86_400_000;
}

/** What is wrong with an id, as a rule in words; undefined when nothing is. `""` is one: it resets the client's. */
export function idProblem(id: string): string | undefined {
	if (exceeds(id, longest("id"))) return `must have at most ${longest("id")} bytes of UTF-8`;
	if (isPrintable(id)) return undefined;
	if (!id.isWellFormed()) return "must be well-formed Unicode, without a lone surrogate";
	// CR and LF end the field, NUL voids it, and the others have no place in a header.
	if (/\p{Cc}/u.test(id)) return "must not contain a control character, such as CR, LF or NUL";
	// Headers lose them.
	if (id !== id.trim()) return "must not begin or end with a space";
	return undefined;
}

/** What is wrong with a type, as a rule in words; undefined when nothing is. */
export function typeProblem(type: string): string | undefined {
	if (exceeds(type, longest("type"))) return `must have at most ${longest("type")} bytes of UTF-8`;
	if (isPrintable(type)) return undefined;
	if (!type.isWellFormed()) return "must be well-formed Unicode, without a lone surrogate";
	// CR and LF end the field. The invisible ones make two types look like one.
	if (/[\p{Cc}\p{Cf}]/u.test(type)) {
		return "must not contain a control or format character, such as CR, LF or a zero-width space";
	}
	return undefined;
}

/** What is wrong with a retry, as a rule in words; undefined when nothing is. */
export function retryProblem(retry: unknown): string | undefined {
	const isWhole = Number.isSafeInteger(retry) && Number(retry) >= 0;
	if (isWhole && Number(retry) <= longest("retry")) return undefined;
	return `must be a whole number of milliseconds from 0 to ${longest("retry")}, which is a day`;
}

/** What nothing is wrong with but its length, as nearly all are. */
function isPrintable(text: string): boolean {
	return /^[\x21-\x7e]*$/.test(text);
}

/**
 * Types that only edge-sse itself sends, so that nobody can forge them: those that begin with `sse.`, and
 * those that can be taken for one. Letters and dots of other alphabets are those that look alike by
 * https://www.unicode.org/reports/tr39/: Cyrillic, Greek, Armenian, Cherokee, Lisu and others.
 *
 * @param type one that `typeProblem` has nothing against, and so is short.
 */
export function isReserved(type: string | undefined): boolean {
	if (type === undefined) return false;
	if (isPrintable(type)) return type.slice(0, 4).toLowerCase() === "sse.";
	// What is not seen, or is seen only on the letter before it.
	const unseen = /[\s\p{Cc}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}]/gu;
	// To lower case and then to upper: of two letters that are one in some alphabet, one remains.
	const folded = type.normalize("NFKD").replace(unseen, "").toLowerCase().toUpperCase();
	return /^[S\u0405\u054f\u13d5\u13da\ua4e2\ua731\u01bc]{2}[E\u0415\u0395\u04bc\u13ac\ua4f0\u2d39\u212e\uab32][.\u3002\u00b7\u2027\ua4f8\u0660\u06f0]/u.test(
		folded,
	);
}
