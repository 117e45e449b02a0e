import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { breakEven, costs, loads } from "../../scripts/costs/costs.ts";
import { withCosts } from "../../scripts/costs/markdown.ts";
import { root } from "../package/support.ts";

test("docs/workers.md has the costs that follow from prices and measurements", () => {
	const document = readFileSync(join(root, "docs/workers.md"), "utf8");
	expect(withCosts(document)).toBe(document);
});

test("the price list is dated and names its sources", async () => {
	const { default: prices } = await import("../../scripts/costs/prices.json", {
		with: { type: "json" },
	});
	expect(prices.date).toMatch(/^\d{4}-\d\d-\d\d$/);
	for (const source of prices.sources)
		expect(source).toMatch(/^https:\/\/developers\.cloudflare\.com\//);
});

test("10,000 objects that never sleep are billed for the whole month", () => {
	const [quiet] = loads;
	if (quiet === undefined) throw new Error("There are no loads.");
	const { object, worker } = costs(quiet);
	// 128 MB each, at 12.50 dollars per million GB-seconds.
	expect(object).toBeCloseTo(10_000 * 2_592_000 * 0.128 * 12.5e-6 - 5 + 1.1, -2);
	expect(worker).toBeLessThan(object / 1_000);
	expect(breakEven(1)).toBeLessThan(breakEven(60));
});
