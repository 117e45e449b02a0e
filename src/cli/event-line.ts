import type { TailEvent } from "./follow.ts";
import { jsonLine, printable, shortened } from "./text.ts";

/** What a line for people may use. */
export interface Terminal {
	/** Whether it shows colours. */
	hasColors: boolean;
	/** Columns to cut a line at. Undefined: a line is never cut. */
	columns: number | undefined;
}

/** The widest column of types, in characters. A longer type moves what follows it. */
const widestType = 16;

/** Returns a function that writes an event as a line of JSON. */
export function jsonWriter(): (event: TailEvent) => string {
	return ({ type, data, lastEventId }) =>
		jsonLine({ type, data, ...(lastEventId !== "" && { id: lastEventId }) });
}

/** Returns a function that writes an event as a line for people: its time, type, id and data. */
export function wordWriter({ hasColors, columns }: Terminal): (event: TailEvent) => string {
	const painted = (text: string, code: number) =>
		hasColors && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
	let typeWidth = 0;
	return (event) => {
		const type = printable(event.type);
		typeWidth = Math.min(Math.max(typeWidth, type.length), widestType);
		const time = new Date().toTimeString().slice(0, 8);
		const id = printable(event.lastEventId);
		const head = [time, type.padEnd(typeWidth), ...(id === "" ? [] : [id])];
		const left = columns === undefined ? undefined : columns - `${head.join("  ")}  `.length;
		const data = printable(event.data);
		return [
			painted(time, 2),
			painted(type.padEnd(typeWidth), colorOf(type)),
			...(id === "" ? [] : [painted(id, 2)]),
			left === undefined ? data : shortened(data, Math.max(left, 1)),
		].join("  ");
	};
}

// The same colour for the same type. Red is left to errors, and black and white to the background.
function colorOf(type: string): number {
	let sum = 0;
	for (const character of type) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
	return 32 + (sum % 5);
}
