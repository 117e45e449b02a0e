/** Rules for members that apply both to processes and to Durable Objects. */

/** A channel with more members than these sends its streams only their number. */
export const mostMembers = 200;

/** Between two events of a channel, in ms. */
export const eventPause = 1_000;

/**
 * A page of ids.
 *
 * @param ids in order.
 * @param after an id, there or not; `""`: from the beginning.
 */
export function idsAfter(ids: readonly string[], after: string, limit: number): readonly string[] {
	let [low, high] = [0, ids.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((ids[middle] ?? "") > after) high = middle;
		else low = middle + 1;
	}
	return ids.slice(low, low + limit);
}
