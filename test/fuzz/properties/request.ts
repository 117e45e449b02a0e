import assert from "node:assert/strict";
import fc from "fast-check";
import { memory } from "../../../src/connectors/memory.ts";
import { longestName } from "../../../src/core/request/request.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { text } from "../text.ts";
import type { Property } from "./property.ts";

const limits = { channels: 4 };
/** The limits of `requestProblem` for these options, in characters. */
const longestUrl = 16_384 + 4 * (longestName + 1) * 9;
const longestCursor = 4_096 + 4 * 24;

/** Asks for a stream and leaves at once. `names` are the channels it would have had. */
async function ask(request: Request) {
	let names: readonly string[] | undefined;
	const sse = new ServerSentEvents({
		connector: memory({ history: {} }),
		authorize: (_, channels) => {
			names = channels;
			return true;
		},
		limits,
		// A hostile cursor is a gap, which the client is told. Tests of streams check that.
		onError: () => undefined,
	});
	try {
		const response = await sse.fetch(request);
		const { status, headers } = response;
		const body = status === 200 ? await response.body?.cancel() : await response.text();
		return { status, headers: Object.fromEntries(headers), body, names };
	} finally {
		await sse.close();
	}
}

/** The only two heads that an answer may have. */
const heads: Record<number, Record<string, string>> = {
	200: {
		"content-type": "text/event-stream",
		"cache-control": "no-cache, no-transform",
		"x-accel-buffering": "no",
	},
	400: { "content-type": "application/json", "cache-control": "no-store" },
};

/** Everything that a header may hold. */
const headerValue = text.map((value) =>
	value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "").replaceAll(/^[\t ]+|[\t ]+$/g, ""),
);
const shortName = text.map((name) => name.slice(0, 17));
const encodings: ((name: string) => string)[] = [
	(name) => encodeURIComponent(name.toWellFormed()),
	(name) => encodeURIComponent(name.toWellFormed()).replaceAll("%20", "+").toLowerCase(),
	(name) => new URLSearchParams({ name }).toString().slice("name=".length),
];
const named = fc.tuple(
	fc.oneof({ weight: 8, arbitrary: shortName }, { weight: 1, arbitrary: text }),
	fc.constantFrom(...encodings),
);
/** Some name a channel twice. */
const query = fc
	.tuple(fc.array(named, { maxLength: 5 }), fc.boolean())
	.map(([all, twice]) => (twice ? [...all, ...all.slice(0, 1)] : all));
const nearLimit = (limit: number) =>
	fc.integer({ min: limit - 2, max: limit + 2 }).map((length) => "1".repeat(length));
/** Nothing, hostile text, or the greatest length, give or take two characters. */
const header = fc.oneof(fc.constant(""), headerValue, headerValue, nearLimit(longestCursor));
const inQuery = fc.oneof(fc.constant(""), text, text, nearLimit(longestCursor));
const padding = fc.oneof(
	{ weight: 9, arbitrary: fc.constant("") },
	{ weight: 1, arbitrary: fc.integer({ min: 16_800, max: 17_000 }).map((n) => "x".repeat(n)) },
);

export const names: Property = {
	name: "a request gets the distinct channels of its query, or a 400",
	share: 3,
	property: fc.asyncProperty(
		query,
		header,
		inQuery,
		padding,
		async (query, header, inQuery, padding) => {
			const pairs = query.map(([name, encode]) => `channel=${encode(name)}`);
			if (inQuery !== "") pairs.push(`lastEventId=${encodeURIComponent(inQuery.toWellFormed())}`);
			pairs.push(padding);
			const request = new Request(`http://hub/stream?${pairs.join("&")}`, {
				headers: header === "" ? {} : { "last-event-id": header },
			});
			const { status, headers, body, names } = await ask(request);
			// Lower case may have changed the encoding, but never a letter of the name.
			const asked = query.map(([name, encode]) =>
				decodeURIComponent(encode(name).replaceAll("+", " ")),
			);
			const named = asked.filter((name) => name !== "");
			const expected = named.length === 0 ? ["sse"] : [...new Set(named)];
			const cursor = header || inQuery;
			const fits =
				// A channel that is named twice counts twice.
				named.length <= limits.channels &&
				expected.every((name) => name.length <= longestName) &&
				cursor.length <= longestCursor &&
				request.url.length <= longestUrl;
			const answer = fits ? { status: 200, names: expected } : { status: 400, names: undefined };
			assert.deepEqual({ status, names }, answer);
			assert.deepEqual(headers, heads[status]);
			if (status === 400) assert.deepEqual(Object.keys(JSON.parse(body ?? "")), ["error"]);
		},
	),
};

// Text that the URL parser leaves alone, including percent signs without digits.
const anyUrl = fc.tuple(text, text).map(([path, query]) => {
	return `http://hub/${path}?${query.replaceAll("data", "channel")}`;
});

export const urls: Property = {
	name: "any URL and header give channel names within the limits, or a 400",
	share: 2,
	property: fc.asyncProperty(
		fc.oneof(anyUrl, fc.webUrl({ withQueryParameters: true })),
		headerValue,
		async (url, header) => {
			const request = new Request(url, { headers: { "last-event-id": header } });
			const { status, headers, names = [] } = await ask(request);
			assert.deepEqual(headers, heads[status]);
			assert.equal(names.length > 0, status === 200);
			assert.ok(names.length <= limits.channels);
			assert.ok(names.every((name) => name !== "" && name.length <= longestName));
		},
	),
};
