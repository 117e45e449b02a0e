import { beginning, isEmpty, isPosition } from "../message/position.ts";

/**
 * What a client sends back as `Last-Event-ID`: its position in every channel of its connection, in
 * the order of its URL. For one channel that is the position itself. For several it is a checksum
 * of the channels' names and the positions in base 36: about 10 bytes a channel.
 */

/** Where a client stands in each channel; undefined: it does not say, or nothing that makes sense. */
export type Positions = readonly (string | undefined)[];

export function formatCursor(names: readonly string[], positions: readonly string[]): string {
	const [only] = positions;
	if (positions.length === 1 && only !== undefined) return only;
	return [checksum(names), ...positions.map(compact)].join(".");
}

/** Replays all that is kept. */
const fromTheStart = new Set(["0", beginning]);

/**
 * Reads a cursor. What is malformed, or was made for other channels, has no position: the client is
 * told of a gap then, never that all is well.
 */
export function parseCursor(names: readonly string[], cursor: string): Positions {
	if (fromTheStart.has(cursor)) return names.map(() => beginning);
	if (names.length === 1) return [isPosition(cursor) ? cursor : undefined];
	// A cursor of ours is far shorter; nothing longer is worth looking at.
	const parts = cursor.length > 40 * (names.length + 1) ? [] : cursor.split(".");
	if (parts.length !== names.length + 1 || parts[0] !== checksum(names)) {
		return names.map(() => undefined);
	}
	return parts.slice(1).map(expand);
}

function compact(position: string): string {
	const mark = isEmpty(position) ? "~" : "";
	const [ms = "", sequence = ""] = position.slice(mark.length).split("-");
	const tail = sequence === "0" ? "" : `-${Number(sequence).toString(36)}`;
	return mark + Number(ms).toString(36) + tail;
}

function expand(text: string): string | undefined {
	const [, mark, ms, sequence = "0"] =
		/^(~?)([0-9a-z]{1,10})(?:-([0-9a-z]{1,10}))?$/.exec(text) ?? [];
	if (ms === undefined) return undefined;
	const position = `${mark}${Number.parseInt(ms, 36)}-${Number.parseInt(sequence, 36)}`;
	return isPosition(position) ? position : undefined;
}

// FNV-1a: a cursor must not be taken for another list of as many channels.
function checksum(names: readonly string[]): string {
	let hash = 0x811c9dc5;
	for (const char of JSON.stringify(names)) {
		hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
	}
	return (hash >>> 0).toString(36);
}
