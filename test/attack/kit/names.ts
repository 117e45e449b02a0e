import { type Chance, times } from "./chance.ts";

/** Channel names that strangers choose, by kind: this many of each at a time. */

/** Channels on one stream. */
export const most = 32;

/** Behind a `}`, each of these made a search for a slot take tens of thousands of steps. */
const slow =
	"12j 12k 12n 12o 13j 13k 13n 13o 180 181 190 191 1aa 1af 1ag 1da 1ea 1vb 1vc 1vf 1vg 1wb 1wc 1wf 1wg 208 209 218 219 2b2 2b3 2b4".split(
		" ",
	);

const longest = 512;

/** A code point of the plane that UTF-8 can encode, assigned or not. */
function codePoint(chance: Chance, plane: number): string {
	const low = chance.below(0x1_0000);
	const isSurrogate = plane === 0 && low >= 0xd800 && low <= 0xdfff;
	return String.fromCodePoint(plane * 0x1_0000 + (isSurrogate ? low - 0x1000 : low));
}

function mixed(chance: Chance, alphabet: string, length: number): string {
	return times(length, () => chance.oneOf(alphabet)).join("");
}

export const hostileNames: Readonly<Record<string, (chance: Chance) => string[]>> = {
	"tags that a search finds late": () => slow.map((rest) => `}${rest}`),
	braces: (chance) => times(most, () => mixed(chance, "{}{}{}ab", 1 + chance.below(60))),
	tags: (chance) =>
		times(most, (at) => {
			const tag = mixed(chance, "{abc", at % 5);
			return `${mixed(chance, "}ab", at % 3)}{${tag}}${mixed(chance, "}{a", at % 4)}`;
		}),
	"a closing brace and any text": (chance) =>
		times(most, () => `}${mixed(chance, "0123456789abcdefghij:.-_", 1 + chance.below(30))}`),
	"braces up to the longest name": (chance) => {
		const [brace = "", last = ""] = chance.below(2) === 0 ? "{}" : "}{";
		// A brace takes three bytes of a URL, and the host takes at most 16 kB of head.
		return times(most, (at) => brace.repeat(Math.min(longest - 8, 130)) + last + at);
	},
	"every plane of Unicode": (chance) =>
		times(most, (at) => times(30, () => codePoint(chance, at % 17)).join("")),
	"controls, separators and marks": (chance) =>
		times(
			most,
			(at) => mixed(chance, "\0\x01\x1f\x7f\x85\u2028\u202e\ufeff\u0301\n\r\t :*?#&=+%", 20) + at,
		),
	"names of prototypes and of keys": () =>
		times(
			most,
			(at) => `${["__proto__", "constructor", "sse:history:{@@@@}:", "toString"][at % 4]}${at}`,
		),
};

/** As many as of a hostile kind, of the same length, and used only by this run. */
export function plainNames(run: number, lengths: readonly number[]): string[] {
	return lengths.map((length, at) => {
		const name = `room.${run.toString(36)}.${at}`;
		return name.padEnd(Math.min(length, longest), "-abc");
	});
}
