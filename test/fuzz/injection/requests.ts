import fc from "fast-check";
import { text } from "../text.ts";

// Node's server accepts 16 KiB of head. Longer ones are tried on the handler itself.
const longest = 1_000;

/** What a header can hold, as far as a client allows it. */
const headerText = text.map((value) =>
	value
		.replaceAll(/[^\x20-\x7e\x80-\xff]/g, "")
		.trim()
		.slice(0, longest),
);
const name = text.map((value) => value.slice(0, 64) || "sse");
/** Neither a position nor the start, so no history goes back to it. */
const nowhere = fc
	.oneof(headerText, fc.constantFrom("0.0.0", "1-1.1-1", "zz.1.1", "9".repeat(longest)))
	.filter((value) => !/^(0|\d+-\d+)$/.test(value));

/** A request with several channels and an invalid cursor, in the header or in the query. */
export const hostileRequests = fc.record({
	names: fc.uniqueArray(name, {
		minLength: 1,
		maxLength: 3,
		selector: (name) => name.toWellFormed(),
	}),
	header: fc.oneof(fc.constant(""), nowhere),
	query: fc.oneof(fc.constant(""), nowhere),
});
