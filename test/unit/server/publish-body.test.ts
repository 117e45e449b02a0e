import { expect, test } from "vitest";
import { maxBodyBytes, maxDepth, readBody } from "../../../src/server/publish-body.ts";

/** A request whose body comes in these pieces, with or without its length. */
function request(pieces: readonly string[], isAnnounced: boolean): Request {
	const bytes = pieces.map((piece) => new TextEncoder().encode(piece));
	const size = bytes.reduce((sum, { length }) => sum + length, 0);
	const body = new ReadableStream({
		start: (controller) => {
			for (const each of bytes) if (each.length > 0) controller.enqueue(each);
			controller.close();
		},
	});
	const headers = isAnnounced ? { "content-length": String(size) } : {};
	const init = { method: "POST", headers, body, duplex: "half" };
	return new Request("http://hub/publish", init);
}

/** The sizes of the pieces: one character, seven, and everything. */
const cuts = [1, 7, Number.POSITIVE_INFINITY];

function* ways(text: string): Generator<Request> {
	for (const cut of cuts) {
		const pieces = text.match(new RegExp(`[^]{1,${Math.min(cut, text.length)}}`, "gu")) ?? [];
		for (const isAnnounced of [true, false]) yield request(pieces, isAnnounced);
	}
}

const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

test.each([
	'{"data":"a \\" quote, [[[ and \\\\"}',
	`{"data":"${'\\"['.repeat(100)}"}`,
	`{"data":"${"\\\\".repeat(99)}"}`,
	`[${nested(maxDepth - 1)},${nested(maxDepth - 1)}]`,
	'{"data":"é漢😀"}',
])("a body is read unchanged, however it is cut: %s", async (text) => {
	for (const each of ways(text)) expect(await readBody(each)).toEqual({ text });
});

test.each([
	nested(maxDepth + 1),
	`{"data":"\\\\",${'"a":{'.repeat(maxDepth)}`,
	`"\\"["${nested(80)}`,
])("a body that is nested too deep is refused, however it is cut: %s", async (text) => {
	for (const each of ways(text)) expect(await readBody(each)).toBe("deep");
});

test.each([true, false])(
	"a body of one mebibyte is accepted, and one byte more is refused (announced: %s)",
	async (isAnnounced) => {
		const text = `"${"x".repeat(maxBodyBytes - 2)}"`;
		const pieces = text.match(/.{1,65536}/g) ?? [];
		expect(await readBody(request(pieces, isAnnounced))).toEqual({ text });
		expect(await readBody(request([...pieces, " "], isAnnounced))).toBe("large");
		const deep = "[".repeat(maxBodyBytes);
		expect(await readBody(request([deep], isAnnounced))).toBe("deep");
		expect(await readBody(request([deep, "["], isAnnounced))).toBe("large");
	},
);

test("a body that breaks off is reported as broken", async () => {
	for (const isAnnounced of [true, false]) {
		const broken = new ReadableStream({
			start: (controller) => controller.enqueue(new TextEncoder().encode("[")),
			pull: (controller) => controller.error(new Error("gone")),
		});
		const headers = isAnnounced ? { "content-length": "100000" } : {};
		const init = { method: "POST", headers, body: broken, duplex: "half" };
		expect(await readBody(new Request("http://hub/publish", init))).toBe("broken");
	}
});
