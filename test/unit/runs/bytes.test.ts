import { expect, test } from "vitest";
import { collect, setUp } from "./kit.ts";

test("limits.runBytes counts bytes, not characters", async () => {
	const { runs } = setUp({ limits: { runBytes: 2_000 } });
	const { lease = "" } = await runs.start("a", {});
	await runs.append("a", "€".repeat(600), { lease });
	const more = runs.append("a", "€".repeat(100), { lease });
	await expect(more).rejects.toMatchObject({ code: "run_limit" });
	await runs.finish("a", { lease });
	expect((await collect(runs.read("a"))).all).toHaveLength(1);
});
