import { expect, test } from "vitest";
import { collect, setUp } from "./kit.ts";

test("reading an ended run after its last chunk gives its end", async () => {
	const { runs } = setUp();
	await (await runs.start("a", () => ["one"])).done;
	const after = (await runs.snapshot("a"))?.lastEventId;
	const nothing = { all: [], end: { status: "done" } };
	expect(await collect(runs.read("a", { after }))).toEqual(nothing);
	const behind = `${Date.now() + 60_000}-0`;
	expect(await collect(runs.read("a", { after: behind }))).toEqual(nothing);
	await expect(collect(runs.read("a", { after: "x" }))).rejects.toMatchObject({ code: "gap" });
});

test('`after: "0"` reads from the start, during a run and after its end', async () => {
	const { runs } = setUp();
	const { lease = "" } = await runs.start("a", {});
	await runs.append("a", "one", { lease });
	const live = collect(runs.read("a", { after: "0" }));
	await runs.append("a", "two", { lease });
	await runs.finish("a", { lease });
	const kept = collect(runs.read("a", { after: "0" }));
	for (const { all, end } of await Promise.all([live, kept])) {
		expect(all.map(({ data }) => data)).toEqual(["one", "two"]);
		expect(end).toEqual({ status: "done" });
	}
});
