/**
 * A reader's place in a channel's history. After a message it is `<milliseconds>-<sequence>`,
 * as Redis numbers a stream's entries:
 * https://redis.io/docs/latest/develop/data-types/streams/#entry-ids. In an empty channel a `~`
 * comes before it, and the time is when the store found the channel empty.
 */

/** Before everything that is kept. */
export const beginning = "0-0";

/** Where a cursor says to begin: `0`, as no cursor, is before everything. */
export function beginningOr(cursor = "0"): string {
	return cursor === "0" ? beginning : cursor;
}

const form = /^~?\d{1,15}-\d{1,15}$/;

export function isPosition(text: string): boolean {
	return form.test(text);
}

/** Whether the channel was empty at this position, so that no message has it. */
export function isEmpty(position: string): boolean {
	return position.charCodeAt(0) === 0x7e;
}

/** Whether `a` is after `b`. An empty position is before every message, as the beginning is. */
export function isAfter(a: string, b: string): boolean {
	if (isEmpty(a)) return false;
	return compare(a, isEmpty(b) ? beginning : b) > 0;
}

/**
 * Whether no message is between the two. All empty positions of a channel are before its first
 * message.
 */
export function isSame(a: string, b: string): boolean {
	return a === b || !(isAfter(a, b) || isAfter(b, a));
}

/** The later of two. If no message is between them, the one that was seen empty later. */
export function later(a: string, b: string): string {
	if (!isSame(a, b)) return isAfter(a, b) ? a : b;
	if (isEmpty(a) && isEmpty(b)) return compare(a, b) < 0 ? b : a;
	return isEmpty(b) ? b : a;
}

/** Whether an empty position lies between these two, both included. */
export function isWithin(position: string, from: string, to: string): boolean {
	return isEmpty(position) && compare(position, from) >= 0 && compare(position, to) <= 0;
}

/** Compares the numbers of two positions of any kind. */
function compare(a: string, b: string): number {
	const left = a.indexOf("-");
	const right = b.indexOf("-");
	const difference = number(a, left) - number(b, right);
	if (difference !== 0) return difference;
	return Number(a.slice(left + 1)) - Number(b.slice(right + 1));
}

/** Its time, in ms since 1970. */
export function msOf(position: string): number {
	return number(position, position.indexOf("-"));
}

function number(position: string, end: number): number {
	return Number(position.slice(isEmpty(position) ? 1 : 0, end));
}
