import { expect, test } from "vitest";
import { formatCursor, type Positions, parseCursor } from "../../../src/core/history/cursor.ts";
import { Cursors } from "../../../src/durable-object/cursors.ts";
import { mergeFrames } from "../../../src/durable-object/merge.ts";

const names = ["a", "b", "c"];
const nowhere: Positions = [undefined, undefined, undefined];
const encoder = new TextEncoder();

/** A stream in a test's hands. */
function source() {
	let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
	let taken = 0;
	let cancelled = false;
	const waiting: Uint8Array[] = [];
	let asked = false;
	const give = () => {
		const chunk = asked ? waiting.shift() : undefined;
		if (chunk === undefined) return;
		asked = false;
		taken++;
		controller?.enqueue(chunk);
	};
	const stream = new ReadableStream<Uint8Array>(
		{
			start: (started) => {
				controller = started;
			},
			pull: () => {
				asked = true;
				give();
			},
			cancel: () => {
				cancelled = true;
			},
		},
		{ highWaterMark: 0 },
	);
	return {
		stream,
		say: (text: string | Uint8Array) => {
			waiting.push(typeof text === "string" ? encoder.encode(text) : text);
			give();
		},
		end: () => controller?.close(),
		get taken() {
			return taken;
		},
		get cancelled() {
			return cancelled;
		},
	};
}

/** Until everything has happened that needs nobody's doing. */
async function settled(): Promise<void> {
	for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Three channels' streams, and what a client has been sent of the three together. */
function merged(positions: Positions = nowhere) {
	const sources = [source(), source(), source()] as const;
	const decoder = new TextDecoder();
	let text = "";
	const reader = mergeFrames(
		sources.map(({ stream }) => stream),
		new Cursors(names, positions),
	).getReader();
	const reading = (async () => {
		for (;;) {
			const { value } = await reader.read();
			if (value === undefined) return;
			text += decoder.decode(value, { stream: true });
		}
	})();
	return {
		sources,
		reader,
		reading,
		/** What has come since it was looked at last. */
		async news(): Promise<string> {
			await settled();
			const news = text;
			text = "";
			return news;
		},
		get text() {
			return text;
		},
	};
}

const at = (...positions: string[]) => formatCursor(names, positions);

test("a stream begins with one cursor, once it is known for every channel", async () => {
	const { sources, news } = merged();
	const [a, b, c] = sources;
	b.say(":\n\nid:20-0\n\n");
	a.say(":\n\nid:10-0\n\n");
	expect(await news()).toBe(":\n\n:\n\n");
	// What is new waits; it would say that a client had what it was not told of.
	a.say("data:x\nid:11-0\n\n");
	expect(await news()).toBe("");
	c.say(":\n\nid:30-5\n\n");
	const begin = `:\n\nid:${at("10-0", "20-0", "30-5")}\n\n`;
	expect(await news()).toBe(`${begin}data:x\nid:${at("11-0", "20-0", "30-5")}\n\n`);
	c.say("event:e\ndata:y\nid:31-0\nretry:5\n\ndata:no id\n\n");
	const moved = at("11-0", "20-0", "31-0");
	expect(await news()).toBe(`event:e\ndata:y\nid:${moved}\nretry:5\n\ndata:no id\n\n`);
});

test("a client's cursor is known at once, and only what was sent moves it", async () => {
	const { sources, news } = merged(["10-0", "0-0", "30-0"]);
	const [a, b, c] = sources;
	c.say("data:c\nid:31-0\n\n");
	expect(await news()).toBe(`data:c\nid:${at("10-0", "0-0", "31-0")}\n\n`);
	b.say("data:b\nid:5-0\n\ndata:b\nid:6-0\n\n");
	const both = ["5-0", "6-0"].map((id) => `data:b\nid:${at("10-0", id, "31-0")}\n\n`);
	expect(await news()).toBe(both.join(""));
	a.say('event:sse.gap\ndata:{"channel":"a","lastEventId":"10-0"}\n\nid:15-0\n\n');
	const gap = 'event:sse.gap\ndata:{"channel":"a","lastEventId":"10-0"}\n\n';
	expect(await news()).toBe(`${gap}id:${at("15-0", "6-0", "31-0")}\n\n`);
});

test("first events of channels without a position leave together, and only the last has an id", async () => {
	const { sources, news } = merged([undefined, "20-0", undefined]);
	const [a, b, c] = sources;
	const gap = (channel: string) => `event:sse.gap\ndata:{"channel":"${channel}"}\n\n`;
	a.say(`${gap("a")}data:a\nid:11-0\n\ndata:later\nid:12-0\n\n`);
	b.say("data:b\nid:21-0\n\n");
	expect(await news()).toBe(gap("a"));
	c.say(`${gap("c")}data:foreign\n\ndata:c\nid:31-0\n\n`);
	const text = await news();
	// Whoever is cut off before the last of them comes back with the cursor that is none.
	expect(text.startsWith(`${gap("c")}data:foreign\n\ndata:a\n\ndata:c\nid:`)).toBe(true);
	const cursors = [...text.matchAll(/^id:(.*)$/gm)].map(([, id = ""]) => parseCursor(names, id));
	expect(cursors[0]).toEqual(["11-0", "20-0", "31-0"]);
	expect(cursors.at(-1)).toEqual(["12-0", "21-0", "31-0"]);
	expect(cursors).toHaveLength(3);
});

test("while a position is missing, hardly anything is read of the others", async () => {
	const { sources, news } = merged();
	const [a, b] = sources;
	for (let n = 1; n <= 50; n++) {
		a.say(`data:${n}\nid:${n}-0\n\n`);
		b.say(":\n\n");
	}
	await news();
	expect(a.taken).toBe(1);
	expect(b.taken).toBe(50);
});

test("a client that leaves while a position is missing frees every source", async () => {
	const { sources, reader, reading } = merged();
	for (const { say } of sources.slice(0, 2)) say("data:x\nid:1-0\n\n");
	await settled();
	await reader.cancel();
	await reading;
	expect(sources.map(({ cancelled }) => cancelled)).toEqual([true, true, true]);
});

test("lines that look like an id and are data stay what they are", async () => {
	const { sources, news } = merged(["1-0", "2-0", "3-0"]);
	const data = "data:id:7-0\ndata:\u2028id:7-0\u2029id:8-0\ndata: id:9-0\nevent:id:4-0\ndata:\n\n";
	sources[0].say(data);
	expect(await news()).toBe(data);
});

test("chunks cut at every byte: the same text, and every cursor says what was sent", async () => {
	const texts = names.map(
		(name, i) =>
			`:\n\nid:${i}1-0\n\nevent:ü\ndata:${name} 👋🏽\ndata:id:5\nid:${i}2-0\n\n:\n\n` +
			`event:sse.gap\ndata:{}\n\ndata:\nid:${i}2-1\nretry:9\n\nid:${i}3-0\n\n`,
	);
	const chunks = texts.map((text) => encoder.encode(text));
	const longest = Math.max(...chunks.map(({ length }) => length));
	for (let cut = 0; cut <= longest; cut++) {
		const { sources, news } = merged();
		let text = "";
		for (const part of [0, 1]) {
			for (const [i, { say }] of sources.entries()) {
				const bytes = chunks[i]?.subarray(...(part === 0 ? [0, cut] : [cut])) ?? new Uint8Array();
				if (bytes.length > 0) say(bytes);
				text += await news();
			}
		}
		check(text);
	}
	// And byte by byte, in turn.
	const { sources, news } = merged();
	for (let n = 0; n < longest; n++) {
		for (const [i, { say }] of sources.entries()) {
			const byte = chunks[i]?.subarray(n, n + 1);
			if (byte?.length === 1) say(byte);
		}
		await settled();
	}
	check(await news());

	function check(text: string): void {
		const sent = [undefined, undefined, undefined] as (string | undefined)[];
		const ids = [...text.matchAll(/(?<=^|\n)id:([^\n]*)/g)].map(([, id = ""]) => id);
		const vectors = ids.map((id) => parseCursor(names, id));
		// One for the beginning, and three of each channel, one of which is the place it ends at.
		expect(vectors).toHaveLength(1 + 3 * names.length);
		expect(vectors[0]).toEqual(["01-0", "11-0", "21-0"].map(canonical));
		for (const vector of vectors) {
			expect(vector).not.toContain(undefined);
			const moved = vector.filter((position, i) => position !== sent[i]);
			if (sent[0] !== undefined) expect(moved).toHaveLength(1);
			for (const [i, position] of vector.entries()) sent[i] = position;
		}
		expect(sent).toEqual(["03-0", "13-0", "23-0"].map(canonical));
		for (const name of names) expect(text).toContain(`event:ü\ndata:${name} 👋🏽\ndata:id:5\nid:`);
		expect(text.match(/event:sse\.gap\ndata:\{\}\n\n/g)).toHaveLength(3);
	}
});

/** Without leading zeros. */
function canonical(position: string): string {
	return position.replace(/^0(?=\d)/, "");
}
