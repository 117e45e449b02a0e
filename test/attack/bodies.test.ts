import { test } from "vitest";
import { chunked, honestBody, hostileBodies, whole } from "./kit/bodies.ts";
import { Chance } from "./kit/chance.ts";
import { oneByOne, useHub } from "./kit/hub.ts";
import { compare, expectBounded } from "./kit/rounds.ts";
import type { Exchange } from "./kit/wire.ts";

const hub = useHub();

/** @param make the bytes of the request with this number. */
async function expectLittle(
	hostile: (request: number) => Exchange,
	honest: (request: number) => Exchange,
): Promise<void> {
	expectBounded(await compare(hub(), oneByOne(hub(), hostile), oneByOne(hub(), honest)));
}

test.for(Object.entries(hostileBodies))(
	"bodies, %s: costs about as much as an honest request",
	async ([, make]) => {
		const chance = new Chance(20_261_129);
		const honest = whole(honestBody(make(chance).length));
		await expectLittle(
			() => whole(make(chance)),
			() => honest,
		);
	},
);

test("bodies: a megabyte of open brackets costs about as much as 50 kB of message", async () => {
	const hostile = whole("[".repeat(1_000_000));
	const honest = whole(honestBody(50_000));
	await expectLittle(
		() => hostile,
		() => honest,
	);
});

// Node itself takes some µs for each chunk: 10,000 of them, which are 60 kB, exceed the bounds.
test("bodies: 400 chunks of one byte cost about as much as an honest request", async () => {
	const hostile = chunked(honestBody(400), 1);
	const honest = whole(honestBody(hostile.bytes.length));
	await expectLittle(
		() => hostile,
		() => honest,
	);
});

test("bodies: one broken off in the middle costs about as much as a whole one", async () => {
	const text = honestBody(50_000);
	const half = text.length / 2;
	const begun = whole(text).bytes.subarray(0, half);
	const hostile = [
		chunked(text.slice(0, half), 1_000, "broken"),
		{ bytes: begun, until: "broken" as const },
	];
	const honest = [chunked(text, 1_000), whole(text)];
	await expectLittle(
		(request) => hostile[request % 2] ?? whole(text),
		(request) => honest[request % 2] ?? whole(text),
	);
});
