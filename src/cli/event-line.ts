import type { ChannelEvent } from "./channel-envelope.ts";
import { jsonLine, printable, shortened } from "./text.ts";

/** What the terminal of a reader can show. */
export interface Terminal {
	/** Whether it shows colours. */
	hasColors: boolean;
	/** How many columns a line may have. Undefined: any number. */
	columns: number | undefined;
}

/** How wide the column of channels and that of types may become, in characters. A longer text moves what follows it. */
const widestType = 16;

/** Returns a function that writes an event as a line of JSON. */
export function jsonWriter(): (event: ChannelEvent) => string {
	return ({ channel, type, data, lastEventId }) =>
		jsonLine({
			...(channel !== undefined && { channel }),
			...{ type, data },
			...(lastEventId !== "" && { id: lastEventId }),
		});
}

/**
 * Returns a function that writes an event as a line for people: its time, its channel where there are several, its type,
 * id and data.
 */
export function wordWriter({ hasColors, columns }: Terminal): (event: ChannelEvent) => string {
	const painted = (text: string, code: number) =>
		hasColors && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
	const [channels, types] = [column(), column()];
	return (event) => {
		const type = printable(event.type);
		const typed = types(type);
		const channel = event.channel === undefined ? [] : [channels(printable(event.channel))];
		const time = new Date().toTimeString().slice(0, 8);
		const id = printable(event.lastEventId);
		const head = [time, ...channel, typed, ...(id === "" ? [] : [id])];
		const left = columns === undefined ? undefined : columns - `${head.join("  ")}  `.length;
		const data = printable(event.data);
		return [
			painted(time, 2),
			...channel,
			painted(typed, colorOf(type)),
			...(id === "" ? [] : [painted(id, 2)]),
			left === undefined ? data : shortened(data, Math.max(left, 1)),
		].join("  ");
	};
}

/** Returns a function that pads a text to the widest one so far. */
function column(): (text: string) => string {
	let width = 0;
	return (text) => {
		width = Math.min(Math.max(width, text.length), widestType);
		return text.padEnd(width);
	};
}

// A type always has the same colour. Red is for errors, and black and white may be the background.
function colorOf(type: string): number {
	let sum = 0;
	for (const character of type) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
	return 32 + (sum % 5);
}
