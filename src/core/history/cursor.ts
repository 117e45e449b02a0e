import { beginning, isEmpty, isPosition } from "../message/position.ts";

/**
 * A client's position in every channel of its connection. The client sends it back as `Last-Event-ID`.
 *
 * For one channel it is the position itself. For several channels it names each by a hash. Their order has no meaning, a
 * channel that is no longer asked for is dropped, and a new channel begins with new messages:
 *
 *     <checksum><newest ms>.<hash><ms before the newest>[-<sequence>]. …
 *
 * All numbers are in base 62; `~` before one stands for an empty position. That is 10 to 14 bytes a channel.
 */

/** Stands for the position of a channel that the cursor does not name. The channel begins with new messages. */
export const live = "live";

/** A client's position in each channel. Undefined: it gave none, or one that makes no sense. */
export type Positions = readonly (string | undefined)[];

/** Digits per word of a key, which are 36 bits. 32 channels that replace 32 others collide once in 50 million times. */
const wordDigits = 6;

/** The most words of a key. Channels whose keys are equal even then get a gap. */
const mostWords = 2;

const checksumDigits = 5;

/** Replays all that is kept. */
const fromTheStart = new Set(["0", beginning]);

/** @param named whether a single channel is named, too: its client may come back with more. */
export function formatCursor(
	names: readonly string[],
	positions: readonly string[],
	named = false,
): string {
	const [only] = positions;
	const isBare = positions.length === 1 && only !== undefined && !named;
	return isBare ? only : formatNamed(names, positions);
}

/** The form for several channels. It is accepted for one channel, too. */
export function formatNamed(names: readonly string[], positions: readonly string[]): string {
	const { keys, words } = keysOf(names);
	const parsed = positions.map(numbersOf);
	const newest = Math.max(...parsed.map(({ ms }) => ms));
	let text = words === 1 ? base62(newest) : `${base62(newest)}-${words}`;
	for (const [index, { mark, ms, sequence }] of parsed.entries()) {
		text += `.${keys[index]}${mark}${ms === newest ? "" : base62(newest - ms)}`;
		if (sequence > 0) text += `-${base62(sequence)}`;
	}
	return checksum(text) + text;
}

/**
 * Reads a position for each channel from a cursor. A cursor that is cut, forged or malformed has none, and the client
 * is told of a gap. It is never told that nothing is missing.
 */
export function parseCursor(names: readonly string[], cursor: string): Positions {
	if (fromTheStart.has(cursor)) return names.map(() => beginning);
	if (names.length === 1 && isPosition(cursor)) return [cursor];
	const named = parseNamed(cursor);
	if (named === undefined) return names.map(() => undefined);
	const { words, positions } = named;
	const keys = names.map((name) => keyOf(name, words));
	const ambiguous = repeated(keys);
	return keys.map((key) => {
		if (ambiguous.has(key)) return undefined;
		return positions.has(key) ? positions.get(key) : live;
	});
}

/** Replaces `live` by the feed's position. */
export function withLive(positions: Positions, livePosition: readonly string[]): Positions {
	return positions.map((position, index) => (position === live ? livePosition[index] : position));
}

interface Named {
	/** How many words each key has. */
	readonly words: number;
	/** By key. Undefined: the position makes no sense. */
	readonly positions: ReadonlyMap<string, string | undefined>;
}

const head = /^([0-9A-Za-z]{1,9})(?:-([1-9]))?$/;
const body = /^(~?)([0-9A-Za-z]{0,9})(?:-([0-9A-Za-z]{1,9}))?$/;

function parseNamed(cursor: string): Named | undefined {
	const text = cursor.slice(checksumDigits);
	if (cursor !== checksum(text) + text) return undefined;
	const [first = "", ...entries] = text.split(".");
	const [, newest, count = "1"] = head.exec(first) ?? [];
	const words = Number(count);
	if (newest === undefined || words > mostWords) return undefined;
	const positions = new Map<string, string | undefined>();
	for (const entry of entries) {
		const key = entry.slice(0, words * wordDigits);
		const position = expand(fromBase62(newest), entry.slice(key.length));
		// Only a forged cursor names a channel twice.
		positions.set(key, positions.has(key) ? undefined : position);
	}
	return { words, positions };
}

function expand(newest: number, text: string): string | undefined {
	const [, mark = "", before, sequence = "0"] = body.exec(text) ?? [];
	if (before === undefined) return undefined;
	const position = `${mark}${newest - fromBase62(before)}-${fromBase62(sequence)}`;
	return isPosition(position) ? position : undefined;
}

function numbersOf(position: string) {
	const mark = isEmpty(position) ? "~" : "";
	const dash = position.indexOf("-");
	return {
		mark,
		ms: Number(position.slice(mark.length, dash)),
		sequence: Number(position.slice(dash + 1)),
	};
}

interface Keys {
	/** In the order of the names. */
	readonly keys: readonly string[];
	readonly words: number;
}

/** The keys of each feed's names. A feed makes a cursor for each message. */
const known = new WeakMap<readonly string[], Keys>();

/** Returns the shortest keys that differ for all names. */
function keysOf(names: readonly string[]): Keys {
	let found = known.get(names);
	for (let words = 1; found === undefined; words++) {
		const keys = names.map((name) => keyOf(name, words));
		if (words === mostWords || repeated(keys).size === 0) found = { keys, words };
	}
	known.set(names, found);
	return found;
}

function keyOf(name: string, words: number): string {
	let key = "";
	for (let seed = 1; seed <= words; seed++) key += digest(name, seed, wordDigits);
	return key;
}

function repeated(keys: readonly string[]): ReadonlySet<string> {
	const seen = new Set<string>();
	return new Set(keys.filter((key) => seen.size === seen.add(key).size));
}

function checksum(text: string): string {
	return digest(text, 0, checksumDigits);
}

/** Returns a hash with this many digits. It is cyrb53, which is public domain: https://github.com/bryc/code. */
function digest(text: string, seed: number, digits: number): string {
	let high = 0xdeadbeef ^ seed;
	let low = 0x41c6ce57 ^ seed;
	for (let index = 0; index < text.length; index++) {
		const unit = text.charCodeAt(index);
		high = Math.imul(high ^ unit, 2_654_435_761);
		low = Math.imul(low ^ unit, 1_597_334_677);
	}
	const [a, b] = [high, low];
	high = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
	low = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
	const bits = 4_294_967_296 * (low & 0x1fffff) + (high >>> 0);
	return base62(bits % 62 ** digits).padStart(digits, "0");
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function base62(value: number): string {
	let text = "";
	for (let rest = value; rest > 0 || text === ""; rest = Math.floor(rest / 62)) {
		text = alphabet.charAt(rest % 62) + text;
	}
	return text;
}

/** @param text digits only. The empty text is 0. */
function fromBase62(text: string): number {
	let value = 0;
	for (const digit of text) value = value * 62 + alphabet.indexOf(digit);
	return value;
}
