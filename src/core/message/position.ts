/**
 * Where a message stands in its channel's history: `<milliseconds>-<sequence>`, as Redis gives ids to
 * the entries of a stream (https://redis.io/docs/latest/develop/data-types/streams/#entry-ids).
 */

/** Before everything that is kept. */
export const beginning = "0-0";

const form = /^\d{1,15}-\d{1,15}$/;

export function isPosition(text: string): boolean {
	return form.test(text);
}

/** Whether `a` stands after `b`. Both are positions. */
export function isAfter(a: string, b: string): boolean {
	const left = a.indexOf("-");
	const right = b.indexOf("-");
	const difference = Number(a.slice(0, left)) - Number(b.slice(0, right));
	if (difference !== 0) return difference > 0;
	return Number(a.slice(left + 1)) > Number(b.slice(right + 1));
}
