import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { streamScript } from "../../../src/server/page/script-stream.ts";
import { standard } from "../../fuzz/parsers.ts";

/** The page's own parser, which is a text for browsers until it is run here. */

interface Seen {
	type: string;
	data: string;
	id: string;
}

type Parser = (chunk: string) => void;
type MakeParser = (
	id: string,
	on: {
		dispatch: (event: Seen & { raw: string[] }) => void;
		wait: (ms: number) => void;
		note?: (line: string) => void;
	},
) => Parser;

const eventParser = runInNewContext(`${streamScript}; eventParser`) as MakeParser;

function parsed(chunks: readonly string[], id = ""): { events: Seen[]; waits: number[] } {
	const events: Seen[] = [];
	const waits: number[] = [];
	const parse = eventParser(id, {
		dispatch: ({ type, data, id }) => events.push({ type, data, id }),
		wait: (ms) => waits.push(ms),
	});
	for (const chunk of chunks) parse(chunk);
	return { events, waits };
}

test("the page's parser reads events of every type with their data, ids and retries", () => {
	const text =
		":\n\nevent:a.b\ndata:1\ndata: 2\n\ndata\n\nid:7\n\nid:8\ndata:  x\nevent\n\nretry:50\nretry:x\nid:\0\ndata:y\n\ndata:cut";
	expect(parsed([text], "6")).toEqual({
		events: [
			{ type: "a.b", data: "1\n2", id: "6" },
			{ type: "message", data: "", id: "6" },
			{ type: "message", data: " x", id: "8" },
			{ type: "message", data: "y", id: "8" },
		],
		waits: [50],
	});
});

test("comments and retries are passed on unchanged, and each event has its lines", () => {
	const notes: string[] = [];
	const raw: string[][] = [];
	const parse = eventParser("", {
		dispatch: (event) => raw.push([...event.raw]),
		wait: () => undefined,
		note: (line) => notes.push(line),
	});
	parse(":\n\n: hello\nretry:50\nevent:a\ndata:1\n\nretry:x\n\nid:7\ndata:2\n\n");
	expect(notes).toEqual([":", ": hello", "retry:50", "retry:x"]);
	expect(raw).toEqual([
		[": hello", "retry:50", "event:a", "data:1", ""],
		["id:7", "data:2", ""],
	]);
});

const piece = fc.constantFrom(
	...["\r", "\n", "\r\n", "\n\n", ":", " ", "data", "data:", "event:", "id:", "retry:", "9", "\0"],
	...["é", "😀", "\u2028", "\ufeff", "x"],
);

test("the page's parser agrees with the standard's steps, however the text is cut", () => {
	fc.assert(
		fc.property(fc.array(piece, { maxLength: 60 }), fc.array(fc.nat(80)), (pieces, cuts) => {
			// A byte order mark at the very start is removed by the decoder.
			const text = pieces.join("").replace(/^\ufeff+/, "");
			const ends = [...new Set(cuts.filter((at) => at < text.length)), text.length];
			ends.sort((a, b) => a - b);
			const chunks = ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end));

			const theirs = standard([new TextEncoder().encode(text)]);
			const { events, waits } = parsed(chunks);
			expect(events.map(({ id, ...event }) => ({ ...event, lastEventId: id }))).toEqual(
				theirs.events,
			);
			expect(waits).toEqual(theirs.retries);
		}),
		{ numRuns: 2_000 },
	);
});
