import type { History } from "../connector.ts";
import { checkNames } from "../known-names.ts";
import type { Decoded } from "../message/envelope.ts";
import { beginning, isAfter, isEmpty, isPosition } from "../message/position.ts";
import { parseCursor } from "./cursor.ts";
import { Run } from "./run.ts";

/** Which of a channel's kept messages to read. */
export interface HistoryQuery {
	/**
	 * Only messages after this one: an id, or a cursor of `position()`. `"0"` begins with the oldest that is kept.
	 *
	 * @defaultValue the newest `limit` messages
	 */
	after?: string | undefined;
	/**
	 * Only messages before this one: an id.
	 *
	 * @defaultValue no end
	 */
	before?: string | undefined;
	/**
	 * How many messages, from 1 to 500. With `before` alone these are the newest ones before it.
	 *
	 * @defaultValue `100`
	 */
	limit?: number | undefined;
}

export interface Found {
	readonly messages: readonly Decoded[];
	readonly lastEventId: string;
	readonly gap: boolean;
}

const mostMessages = 500;
const defaultMessages = 100;

/** Messages in one read, at least and at most. */
const shortestPage = 10;
const longestPage = 500;

/** @throws {TypeError} that names the field and its rule. */
export function checkedQuery(channel: string, query: HistoryQuery) {
	checkNames("Cannot read. ", query, ["after before limit"], [["Write after.", "lastEventId"]]);
	const { after, before, limit = defaultMessages } = query;
	if (!Number.isInteger(limit) || limit < 1 || limit > mostMessages) {
		throw new TypeError(`Cannot read. limit: must be a whole number from 1 to ${mostMessages}.`);
	}
	const id = before === undefined ? undefined : positionOf(channel, before, "before");
	const from = after === undefined ? undefined : positionOf(channel, after, "after");
	return { after: from, before: id, limit };
}

function positionOf(channel: string, cursor: unknown, field: string): string {
	const [position] = typeof cursor === "string" ? parseCursor([channel], cursor) : [];
	if (position !== undefined && isPosition(position)) return position;
	throw new TypeError(`Cannot read. ${field}: must be an id of the channel's history, or "0".`);
}

/**
 * Reads kept messages, oldest first.
 *
 * @throws {ConnectorError} when the broker is unavailable.
 */
export async function lookUp(
	history: History,
	channel: string,
	{ after, before, limit }: ReturnType<typeof checkedQuery>,
	decode: (payload: string) => Decoded | undefined,
): Promise<Found> {
	const keepsNewest = after === undefined;
	const newest = keepsNewest && before === undefined;
	const start = after ?? (newest ? await history.head(channel, limit) : beginning);
	const messages: Decoded[] = [];
	let position = start;
	let gap = false;
	for (let more = true; more; ) {
		const from = isEmpty(position) ? beginning : position;
		// Messages may be large, so hardly more are read than are wanted.
		const missing = Math.max(shortestPage, limit - messages.length);
		const length = keepsNewest && !newest ? longestPage : missing;
		const read = await history.read(channel, from, length);
		const page = Run.read(from, read, decode);
		if (position === start && after !== undefined) gap = !page.covers(position);
		const wanted = page.messages.filter(
			({ storedAt = beginning }) => before === undefined || isAfter(before, storedAt),
		);
		messages.push(...wanted);
		const isFull = !keepsNewest && messages.length >= limit;
		more = page.more && wanted.length === page.messages.length && !isFull;
		// Only the newest `limit` messages are wanted, wherever they begin.
		if (keepsNewest) messages.splice(0, messages.length - limit);
		position = page.end;
	}
	const found = messages.slice(0, limit);
	return { messages: found, lastEventId: found.at(-1)?.storedAt ?? start, gap };
}
