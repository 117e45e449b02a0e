import { expect, test } from "vitest";
import { beginWriting } from "../../../src/runs/writer.ts";
import { setUp } from "./kit.ts";

test("store() writes at once, and later text is gathered again", async () => {
	const { runs } = setUp({ batch: { wait: 200 } });
	const writer = await beginWriting(runs, "a");
	await writer?.store({ n: 1 }, { n: 2 });
	await writer?.store({ n: 3 });
	expect((await runs.snapshot("a"))?.chunks).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
	const begun = performance.now();
	for (let n = 0; n < 50; n++) {
		await writer?.write("word ");
		await new Promise((resolve) => setTimeout(resolve, 1));
	}
	expect(await writer?.finish()).toEqual({ status: "done" });
	const { text, messages } = (await runs.snapshot("a")) ?? {};
	expect(text).toBe("word ".repeat(50));
	// Three messages came before, and one comes with the end.
	expect(messages).toBeLessThanOrEqual(5 + (performance.now() - begun) / 200);
});

test("write() after the end is refused, whoever ended the run", async () => {
	const { runs, errors } = setUp();
	const writer = await beginWriting(runs, "a");
	expect(await beginWriting(runs, "a")).toBeUndefined();
	await writer?.write("one");
	await runs.cancel("a", "enough");
	expect(await writer?.done).toEqual({ status: "cancelled", reason: "enough" });
	await expect(writer?.write("two")).rejects.toMatchObject({ code: "run_cancelled" });

	const other = await beginWriting(runs, "b");
	await other?.finish();
	await expect(other?.write("two")).rejects.toMatchObject({ code: "superseded" });
	expect(await other?.finish(new Error("Too late."))).toEqual({ status: "done" });
	expect(errors).toEqual([]);
});

test("a write() over limits.chunkBytes rejects, and the run ends as an error", async () => {
	const { runs, errors } = setUp({ limits: { chunkBytes: 1_000 } });
	const writer = await beginWriting(runs, "a");
	await expect(writer?.write({ text: "x".repeat(2_000) })).rejects.toMatchObject({
		code: "run_limit",
	});
	expect(await writer?.done).toEqual({ status: "error" });
	expect(errors).toEqual([expect.objectContaining({ code: "run_limit" })]);
});
