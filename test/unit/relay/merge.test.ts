import { expect, test } from "vitest";
import type { IncomingStream } from "../../../src/relay/incoming.ts";
import { victimsOf } from "../../../src/relay/merge.ts";

/** The sizes of the streams that are to be replaced, of streams of these sizes. */
function victims(sizes: readonly number[], name = "", unwanted = new Set<string>()): number[] {
	const streams = new Map(
		sizes.map((size, at) => {
			const names = Array.from({ length: size }, (_, n) => `${at}.${n}${name}`);
			return [{} as IncomingStream, new Set(names)] as const;
		}),
	);
	const indexes = [...streams.keys()];
	return victimsOf(streams, (each) => !unwanted.has(each))
		.map((stream) => sizes[indexes.indexOf(stream)] ?? 0)
		.sort((a, b) => a - b);
}

test("small streams are merged beside a large one, and together with it when they have half its size", () => {
	expect(victims([1_000])).toEqual([]);
	expect(victims([1_000, 10, 20])).toEqual([10, 20]);
	expect(victims([1_000, 10])).toEqual([]);
	expect(victims([1_000, 300, 300])).toEqual([300, 300, 1_000]);
});

test("a stream with unwanted channels is replaced", () => {
	expect(victims([10], "", new Set(["0.1"]))).toEqual([10]);
});

test("merged streams keep to the limits of channels and of bytes in their names", () => {
	expect(victims([9_000, 4_000, 4_000, 4_000])).toEqual([4_000, 4_000]);
	expect(victims([900, 700, 600], "\u0001".repeat(500))).toEqual([600, 700]);
	expect(victims([900, 700, 600], "x".repeat(50))).toEqual([600, 700, 900]);
});
