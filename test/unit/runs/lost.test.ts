import { describe, expect, test } from "vitest";
import { collect, setUp, source, textOf } from "./kit.ts";

test("a run is lost in time although new readers keep coming", async () => {
	const { runs } = setUp();
	const { lease = "" } = await runs.start("a", { lease: 200 });
	await runs.append("a", "so far", { lease });
	let end: { status: string } | undefined;
	const first = collect(runs.read("a")).then((read) => {
		end = read.end;
	});
	const later: Promise<unknown>[] = [];
	for (let n = 0; n < 60 && end === undefined; n++) {
		later.push(collect(runs.read("a")));
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	expect(end).toEqual({ status: "lost" });
	await Promise.all([first, ...later]);
});

describe("lost runs", () => {
	test("a producer that says nothing is lost once its lease is over", async () => {
		const { runs } = setUp();
		const { lease = "" } = await runs.start("a", { lease: 200 });
		await runs.append("a", "so far", { lease });
		const begun = performance.now();
		const readers = await Promise.all([collect(runs.read("a")), collect(runs.read("a"))]);
		const took = performance.now() - begun;
		for (const { all, end } of readers) {
			expect(textOf(all)).toBe("so far");
			expect(end).toEqual({ status: "lost" });
		}
		expect(took).toBeGreaterThan(390);
		await expect(runs.append("a", "late", { lease })).rejects.toThrow("It has ended: lost.");
	});

	test("a silent source is not lost, because its lease is renewed", async () => {
		const { runs } = setUp({ lease: 150 });
		const producer = source();
		await runs.start("a", producer.run);
		const reading = collect(runs.read("a"));
		await new Promise((resolve) => setTimeout(resolve, 800));
		producer.say("at last");
		producer.end();
		const { all, end } = await reading;
		expect(textOf(all)).toBe("at last");
		expect(end).toEqual({ status: "done" });
	});
});
