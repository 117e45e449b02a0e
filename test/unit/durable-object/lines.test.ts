import { expect, test } from "vitest";
import { linesOf } from "../../../src/durable-object/lines.ts";

const text = '"one"\n\n"ü, 👋🏽 and \\n"\n{"restored":true}\n"cut sh';
const bytes = new TextEncoder().encode(text);
const whole = ['"one"', "", '"ü, 👋🏽 and \\n"', '{"restored":true}'];

async function read(chunks: readonly Uint8Array[]): Promise<string[]> {
	const stream = new ReadableStream<Uint8Array>({
		start(controller) {
			for (const chunk of chunks) controller.enqueue(chunk);
			controller.close();
		},
	});
	return allOf(linesOf(stream));
}

async function allOf(lines: AsyncIterable<string>): Promise<string[]> {
	const all: string[] = [];
	for await (const line of lines) all.push(line);
	return all;
}

test("cut in two at any byte, and byte by byte: the lines that came whole, and no other", async () => {
	for (let cut = 0; cut <= bytes.length; cut++) {
		expect(await read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
	}
	expect(await read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
});

test("a stream that breaks says so, after the lines that came before", async () => {
	const stream = new ReadableStream<Uint8Array>(
		{
			pull(controller) {
				if (controller.desiredSize === 1) controller.enqueue(bytes);
				controller.error(new Error("gone"));
			},
		},
		{ highWaterMark: 1 },
	);
	await expect(allOf(linesOf(stream))).rejects.toThrow("gone");
});

test("a reader that stops reading the lines cancels the stream", async () => {
	let cancelled = false;
	const stream = new ReadableStream<Uint8Array>({
		start: (controller) => controller.enqueue(bytes),
		cancel: () => {
			cancelled = true;
		},
	});
	for await (const line of linesOf(stream)) {
		expect(line).toBe('"one"');
		break;
	}
	expect(cancelled).toBe(true);
});
