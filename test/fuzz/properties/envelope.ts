import assert from "node:assert/strict";
import { inspect } from "node:util";
import fc from "fast-check";
import { SseError } from "../../../src/core/errors.ts";
import { encode } from "../../../src/core/message/encode.ts";
import { decode } from "../../../src/core/message/envelope.ts";
import { Message } from "../../../src/core/message/message.ts";
import { popular, standard } from "../parsers.ts";
import { arrives, messageParts } from "../parts.ts";
import { badId, badType, jsonData, looksReserved, piece, spacedId, text } from "../text.ts";
import type { Property } from "./property.ts";

/** A word that no piece of hostile text contains. */
const secret = "s3cr3tw0rd";

export const roundTrip: Property = {
	name: "decode() of an encoded message gives the same message and the same frame",
	share: 15,
	property: fc.property(messageParts, ([data, options]) => {
		const message = new Message(data, options);
		if (looksReserved(options.type ?? "")) {
			assert.throws(() => decode(encode(message)), SseError);
			return;
		}
		const { message: decoded, frame, storedAt } = decode(encode(message));
		const carried: unknown = JSON.parse(JSON.stringify(data));
		assert.deepEqual(decoded.data, carried);
		assert.equal(decoded.type, options.type || undefined);
		assert.equal(decoded.id, options.id == null ? undefined : String(options.id));
		assert.equal(decoded.retry, options.retry ?? undefined);
		assert.ok(decoded.equals(message));
		assert.equal(frame, message.toString());
		assert.equal(storedAt, undefined);
	}),
};

/** Messages, and objects that are nearly messages, as another program might write them. */
const fieldValue = fc.oneof(
	{ weight: 3, arbitrary: text },
	{ weight: 2, arbitrary: jsonData },
	{ weight: 1, arbitrary: fc.constantFrom("sse.gap", "sse.ping", "sse.", "sse", "Sse.x", secret) },
	{ weight: 1, arbitrary: text.map((rest) => secret + rest) },
	{ weight: 1, arbitrary: text.map((rest) => `sse.${rest}`) },
	{ weight: 1, arbitrary: fc.constantFrom("SSE.gap", "sse\u200b.gap", "ｓｓｅ．gap", " sse.gap") },
	{ weight: 1, arbitrary: fc.oneof(badId, badType, spacedId) },
	{
		weight: 1,
		arbitrary: fc.constantFrom(0, 1.5, -1, 2 ** 53, 86_400_000, 86_400_001, 2 ** 53 - 1),
	},
	{ weight: 1, arbitrary: fc.constantFrom(...["1-1", "0-0", "999999999999999-9", "1", "-"]) },
);
const keys = fc.oneof(
	{ weight: 12, arbitrary: fc.constantFrom("data", "type", "id", "retry") },
	{ weight: 1, arbitrary: fc.constantFrom("__proto__", "channel", "Data", "constructor", secret) },
	{ weight: 1, arbitrary: piece },
);
// Written as text: a key may appear twice, which no object can have, and any space may stand between.
const space = fc.constantFrom("", "", "", " ", "\n", "\r\n", "\t");
const entries = fc.array(fc.tuple(keys, fieldValue, space), { maxLength: 5 });
const object = fc.tuple(fc.option(fieldValue, { freq: 8 }), entries).map(([data, entries]) => {
	const all = data === null ? entries : [...entries, ["data", data, ""] as const];
	const fields = all.map(
		([key, value, space]) => `${space}${JSON.stringify(key)}:${space}${JSON.stringify(value)}`,
	);
	return `{${fields.join(",")}}`;
});
/** Payloads as the store writes them, or nearly so. */
const ids = [
	...["1-1", "0-0", "999999999999999-9", "1700000000000-7"],
	...["1", "-", "--", "1-1-1", "1-", "-1", "1000000000000000-1", "1-1\n", " 1-1", "1-x"],
];
const stored = fc
	.tuple(fc.oneof(fc.constantFrom(...ids), text), object)
	.map(([id, rest]) => `{"id":${JSON.stringify(id)},${rest.slice(1)}`);
const damaged = fc
	.tuple(object, fc.double({ min: 0, max: 1, noNaN: true }), fc.oneof(piece, fc.constant(secret)))
	.map(([json, place, piece]) => {
		const at = Math.floor(place * json.length);
		return json.slice(0, at) + piece + json.slice(at);
	});
const payload = fc.oneof(
	{ weight: 6, arbitrary: object },
	{ weight: 2, arbitrary: stored },
	{ weight: 2, arbitrary: damaged },
	{ weight: 1, arbitrary: text.map((text) => secret + text) },
	{ weight: 1, arbitrary: jsonData.map((data) => JSON.stringify(data)) },
);

/** Reads the store's own prefix in another way than the library. */
function prefixId(payload: string): string | undefined {
	if (!payload.startsWith('{"id":"')) return undefined;
	const [id = "", after] = payload.slice(7).split('"', 2);
	const whole = /^[0-9]{1,15}-[0-9]{1,15}$/.test(id) && after?.startsWith(",");
	return whole ? id : undefined;
}

export const foreign: Property = {
	name: "a foreign payload is one well-formed event, or is refused without being quoted",
	share: 15,
	property: fc.property(payload, fc.boolean(), (payload, history) => {
		let decoded: ReturnType<typeof decode>;
		try {
			decoded = decode(payload, history);
		} catch (error) {
			assert.ok(error instanceof SseError, inspect(error));
			assert.equal(error.code, "bad_message");
			assert.match(error.message, /^Dropped a /);
			assert.doesNotMatch(inspect(error, { depth: 5, showHidden: true }), new RegExp(secret));
			return;
		}
		const { message, frame, storedAt } = decoded;
		const json = JSON.parse(payload) as Record<string, unknown>;
		const allowed = ["data", "type", "id", "retry"];
		assert.ok(Object.hasOwn(json, "data"));
		assert.ok(Object.keys(json).every((key) => allowed.includes(key)));
		assert.equal(message.type, json.type || undefined);
		assert.ok(!looksReserved(message.type ?? ""));
		assert.doesNotMatch(message.type ?? "", /[\p{Cc}\p{Cf}\p{Cs}]/u);
		assert.doesNotMatch(message.id ?? "", /[\p{Cc}\p{Cs}]|^\s|\s$/u);
		assert.ok(Buffer.byteLength(message.type ?? "") <= 256);
		assert.ok(Buffer.byteLength(message.id ?? "") <= 1_024);
		assert.equal(storedAt, history ? prefixId(payload) : undefined);
		const id = history ? storedAt : json.id == null ? undefined : String(json.id);
		assert.equal(message.id, id);
		for (const parse of [popular, standard]) {
			const { events, retries, comments, junk } = parse([new TextEncoder().encode(frame)]);
			assert.equal(events.length, 1);
			const [event = { type: "", data: "", lastEventId: "" }] = events;
			assert.equal(event.type, (message.type ?? "message").toWellFormed());
			assert.equal(event.lastEventId, (id ?? "").toWellFormed());
			if (typeof json.data === "string") assert.equal(event.data, arrives(json.data));
			else assert.deepEqual(JSON.parse(event.data), json.data);
			const isLeftOut = json.retry == null || Number(json.retry) > 86_400_000;
			assert.deepEqual(retries, isLeftOut ? [] : [Number(json.retry) + 0]);
			assert.deepEqual({ comments, junk }, { comments: 0, junk: [] });
		}
	}),
};
