import { formatCursor } from "../history/cursor.ts";
import type { Step } from "../history/run.ts";
import { type Place, startOf } from "../history/run.ts";
import type { Decoded } from "../message/envelope.ts";
import { beginning, isAfter } from "../message/position.ts";
import { gapJson, type JsonView, messageJson } from "./message-json.ts";

/** Messages that were read together, as JSON, and the position after them. */
export interface Batch {
	/** `{"messages":[…],"lastEventId":"…","gap":false}` */
	readonly json: string;
	readonly count: number;
	readonly gaps: number;
}

/** What one answer may come to, in UTF-16 code units of payloads. */
const longestBatch = 1_048_576;

interface Found {
	readonly index: number;
	readonly decoded: Decoded;
}

interface Extras {
	readonly limit: number;
	readonly view: JsonView;
	/** Events of the route's own, as JSON. They come first. */
	readonly first: readonly string[];
	/** Messages without a position. */
	readonly liveOnly: readonly { readonly channel: string; readonly decoded: Decoded }[];
}

/**
 * The oldest messages of some channels, up to a limit.
 *
 * @param names sorted, as cursors and places are.
 * @param steps undefined: nothing can be said of a channel yet.
 */
export function batchOf(
	names: readonly string[],
	places: readonly Place[],
	steps: readonly (Step | undefined)[],
	{ limit, view, first, liveOnly }: Extras,
): Batch {
	const cursorAt = (at: readonly string[]) => formatCursor(names, at, view.named);
	const found = steps.flatMap((step, index) =>
		(step?.messages ?? []).map((decoded): Found => ({ index, decoded })),
	);
	// Each channel's are in order already.
	if (names.length > 1) found.sort((a, b) => (isAfter(storedAt(a), storedAt(b)) ? 1 : -1));
	const taken = fitting(found, limit);
	const positions = places.map((place, index) => {
		const step = steps[index];
		return step?.gap ? startOf(place) : (place.claimed ?? startOf(place));
	});
	const texts = taken.map(({ index, decoded }) => {
		positions[index] = decoded.storedAt ?? beginning;
		return messageJson(decoded, names[index] ?? "", cursorAt(positions), view);
	});
	if (taken.length === found.length) {
		for (const [index, step] of steps.entries())
			positions[index] = step?.claimed ?? positions[index] ?? beginning;
		for (const { channel, decoded } of liveOnly.slice(0, limit - texts.length)) {
			texts.push(messageJson(decoded, channel, undefined, view));
		}
	}
	// A gap is told in the answer that moves its channel's position.
	const gaps = steps.flatMap((step, index) => {
		const claimed = places[index]?.claimed;
		return step?.gap && positions[index] !== claimed ? gapJson(names[index] ?? "", claimed) : [];
	});
	const messages = [...first, ...(view.events ? gaps : []), ...texts];
	const lastEventId = JSON.stringify(cursorAt(positions));
	const json = `{"messages":[${messages}],"lastEventId":${lastEventId},"gap":${gaps.length > 0}}`;
	return { json, count: first.length + texts.length, gaps: gaps.length };
}

function fitting(found: readonly Found[], limit: number): readonly Found[] {
	let size = 0;
	const end = found.findIndex(({ decoded }, index) => {
		size += decoded.size;
		// One that is larger than all may be goes alone.
		return index === limit || (size > longestBatch && index > 0);
	});
	return end === -1 ? found : found.slice(0, end);
}

function storedAt({ decoded }: Found): string {
	return decoded.storedAt ?? beginning;
}
