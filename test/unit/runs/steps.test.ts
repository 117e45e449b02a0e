import { describe, expect, test } from "vitest";
import { collect, setUp } from "./kit.ts";

describe("producers in steps", () => {
	test("append() and finish() need the lease and keep their order", async () => {
		const { runs } = setUp();
		const { role, lease = "" } = await runs.start("a", { lease: 60_000 });
		expect(role).toBe("producer");
		expect((await runs.start("a", { lease: 60_000 })).lease).toBeUndefined();
		await Promise.all(["1", "2", { three: 3 }].map((each) => runs.append("a", each, { lease })));
		await runs.finish("a", { lease, status: "done", reason: "enough" });
		await runs.finish("a", { lease, status: "done" });
		const { all, end } = await collect(runs.read("a"));
		expect(all.map(({ data }) => data)).toEqual(["1", "2", { three: 3 }]);
		expect(end).toEqual({ status: "done", reason: "enough" });
		await expect(runs.append("a", "late", { lease })).rejects.toMatchObject({ code: "superseded" });
		await expect(runs.finish("a", { lease, status: "error" })).rejects.toMatchObject({
			code: "superseded",
		});
	});

	test("append() and finish() without the right lease are refused", async () => {
		const { runs } = setUp();
		await runs.start("a", {});
		const refused = { code: "superseded" };
		await expect(runs.append("a", "x", { lease: "another" })).rejects.toMatchObject(refused);
		await expect(runs.finish("a", { lease: "another" })).rejects.toMatchObject(refused);
		await expect(runs.append("b", "x", { lease: "another" })).rejects.toMatchObject(refused);
	});

	test("append() returns the reason of a cancel", async () => {
		const { runs } = setUp();
		const { lease = "" } = await runs.start("a", {});
		expect(await runs.append("a", "x", { lease })).toEqual({});
		expect(await runs.cancel("a", "enough")).toBe(true);
		expect(await runs.append("a", "x", { lease })).toEqual({ cancel: "enough" });
		expect(await runs.status("a")).toMatchObject({ status: "running", cancel: "enough" });
		await runs.finish("a", { lease, status: "cancelled", reason: "enough" });
		expect(await runs.cancel("a")).toBe(false);
	});
});
