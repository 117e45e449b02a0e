import fc from "fast-check";
import { own, popular, standard } from "../parsers.ts";
import { concatenated, cut, expectedOf, type Heard, type Part, part } from "../parts.ts";
import { forged } from "../text.ts";
import type { Reader } from "./readers.ts";
import type { Streams } from "./streams.ts";

const last = "the end of the batch";

/** Long enough for a busy machine. Only a failure takes as long. */
const timeout = 120_000;

/** Types that no valid event has: a reader that hears one was told a forged event. */
const baits = [
	"message",
	"open",
	"error",
	"sse.gap",
	"sse.ping",
	forged,
	`${forged} `,
	` ${forged}`,
];

/** The frames of this many messages as one stream, cut at arbitrary bytes. */
export function makeBatch(seed: number, count: number) {
	const parts = fc.sample(part, { seed, numRuns: count });
	// Resets the id, so that a batch leaves nothing behind.
	parts.push({
		bytes: new TextEncoder().encode(`event:${last}\ndata\nid\n\n`),
		event: { type: last, data: "" },
		id: "",
		what: "the end",
	});
	const places = fc.sample(fc.double({ min: 0, max: 1, noNaN: true }), {
		seed,
		numRuns: Math.ceil(count / 4),
	});
	return { parts, chunks: cut(concatenated(parts.map(({ bytes }) => bytes)), places) };
}

/**
 * Lets every reader read a batch, and the parsers also each frame alone. A character that a reader is known to
 * lose is replaced for that reader. An EventSource does not show its reconnection time. `properties/frame.ts`
 * checks that with parsers.
 *
 * @throws {Error} that names the reader and the first event that differs.
 */
export async function readBatch(
	readers: readonly Reader[],
	streams: Streams,
	{ parts, chunks }: ReturnType<typeof makeBatch>,
): Promise<void> {
	const expected = expectedOf(parts);
	for (const [name, parse] of [
		["eventsource-parser", popular],
		["the standard", standard],
		["edge-sse/client", own],
	] as const) {
		compare(name, parse(chunks).events, expected, parts);
		for (const each of parts) compare(name, parse([each.bytes]).events, expectedOf([each]), [each]);
	}
	await Promise.all(
		readers.map(async ({ name, read, loses }) => {
			const told = expected.map((each) => without(each, loses));
			const types = [...new Set([...told.map(({ type }) => type), ...baits])];
			const url = streams.offer(loses === undefined ? chunks : withoutBytes(chunks, loses));
			const report = await read({ url, types, last, timeout });
			streams.withdraw(url);
			const heard = (JSON.parse(report) as [string, string, string][]).map(
				([type, data, lastEventId]): Heard => ({ type, data, lastEventId }),
			);
			compare(name, heard, told, parts);
		}),
	);
}

/** A character with as many bytes of UTF-8 as U+FEFF, and without a meaning. */
const substitute = "\ufffc";

function without({ type, data, lastEventId }: Heard, character = substitute): Heard {
	const replace = (text: string) => text.replaceAll(character, substitute);
	return { type: replace(type), data: replace(data), lastEventId: replace(lastEventId) };
}

/** The same stream with the substitute, cut at the same places. */
function withoutBytes(chunks: readonly Uint8Array[], character: string): Uint8Array[] {
	const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
	const text = decoder.decode(concatenated(chunks)).replaceAll(character, substitute);
	const bytes = new TextEncoder().encode(text);
	let end = 0;
	return chunks.map(({ length }) => {
		end += length;
		return bytes.subarray(end - length, end);
	});
}

function compare(
	name: string,
	heard: readonly Heard[],
	expected: readonly Heard[],
	parts: readonly Part[],
): void {
	const wrong = expected.findIndex(
		(each, index) => JSON.stringify(each) !== JSON.stringify(heard[index]),
	);
	if (wrong === -1 && heard.length === expected.length) return;
	const at = wrong === -1 ? expected.length : wrong;
	const spoken = parts.filter(({ event }) => event !== undefined);
	throw new Error(
		`${name} heard ${shown(heard[at])} as event ${at} of ${expected.length} (${heard.length} heard), ` +
			`which was ${shown(expected[at])}, said by ${shown(spoken[at]?.what)}.`,
	);
}

function shown(value: unknown): string {
	return (JSON.stringify(value) ?? "nothing").slice(0, 1_000);
}
