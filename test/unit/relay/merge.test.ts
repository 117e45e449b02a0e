import { expect, test } from "vitest";
import type { IncomingStream } from "../../../src/relay/incoming.ts";
import { streamsToReplace } from "../../../src/relay/merge.ts";

/** The sizes of the streams that are to be replaced, of streams of these sizes. */
function replaced(sizes: readonly number[], name = "", unwanted = new Set<string>()): number[] {
	const streams = new Map(
		sizes.map((size, at) => {
			const names = Array.from({ length: size }, (_, n) => `${at}.${n}${name}`);
			return [{} as IncomingStream, new Set(names)] as const;
		}),
	);
	const indexes = [...streams.keys()];
	return streamsToReplace(streams, (each) => !unwanted.has(each))
		.map((stream) => sizes[indexes.indexOf(stream)] ?? 0)
		.sort((a, b) => a - b);
}

test("small streams are merged beside a large one, and together with it when they have half its size", () => {
	expect(replaced([1_000])).toEqual([]);
	expect(replaced([1_000, 10, 20])).toEqual([10, 20]);
	expect(replaced([1_000, 10])).toEqual([]);
	expect(replaced([1_000, 300, 300])).toEqual([300, 300, 1_000]);
});

test("a stream with unwanted channels is replaced", () => {
	expect(replaced([10], "", new Set(["0.1"]))).toEqual([10]);
});

test("merged streams keep to the limits of channels and of bytes in their names", () => {
	expect(replaced([9_000, 4_000, 4_000, 4_000])).toEqual([4_000, 4_000]);
	expect(replaced([900, 700, 600], "\u0001".repeat(500))).toEqual([600, 700]);
	expect(replaced([900, 700, 600], "x".repeat(50))).toEqual([600, 700, 900]);
});
