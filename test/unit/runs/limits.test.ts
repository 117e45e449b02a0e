import { describe, expect, test } from "vitest";
import { collect, setUp, source } from "./kit.ts";

describe("limits", () => {
	test.each([
		["messages", { maxLength: 3 }, ["1", {}, "2", {}, "3"], "maxLength"],
		[
			"bytes",
			{ limits: { runBytes: 2_000 } },
			["x".repeat(1_500), {}, "x".repeat(1_500)],
			"runBytes",
		],
		["bytes in a chunk", { limits: { chunkBytes: 1_000 } }, ["x", "x".repeat(1_500)], "chunkBytes"],
	])(
		"over the limit of %s the run ends as an error, and earlier chunks are kept",
		async (_, options, chunks, name) => {
			const { runs, errors } = setUp(options);
			const { done } = await runs.start("a", () => chunks);
			expect(await done).toEqual({ status: "error" });
			expect(errors[0]).toMatchObject({
				code: "run_limit",
				message: expect.stringContaining(name),
			});
			const { all, end } = await collect(runs.read("a"));
			expect(all[0]?.data).toBe(chunks[0]);
			expect(end).toEqual({ status: "error" });
		},
	);

	test("limits.runs bounds the producers at a time", async () => {
		const { runs } = setUp({ limits: { runs: 1 } });
		const producer = source();
		const { done } = await runs.start("a", producer.run);
		await expect(runs.start("b", () => [])).rejects.toMatchObject({ code: "run_limit" });
		producer.end();
		await done;
		expect((await runs.start("b", () => [])).role).toBe("producer");
	});

	test("append() refuses a chunk over limits.chunkBytes, and one that JSON cannot represent", async () => {
		const { runs } = setUp({ limits: { chunkBytes: 100 } });
		const { lease = "" } = await runs.start("a", {});
		const large = runs.append("a", "x".repeat(100), { lease });
		await expect(large).rejects.toMatchObject({ code: "run_limit" });
		await expect(runs.append("a", undefined, { lease })).rejects.toThrow(TypeError);
	});

	test("limits.runBytes counts bytes, not characters", async () => {
		const { runs } = setUp({ limits: { runBytes: 2_000 } });
		const { lease = "" } = await runs.start("a", {});
		await runs.append("a", "€".repeat(600), { lease });
		const more = runs.append("a", "€".repeat(100), { lease });
		await expect(more).rejects.toMatchObject({ code: "run_limit" });
		await runs.finish("a", { lease });
		expect((await collect(runs.read("a"))).all).toHaveLength(1);
	});
});
