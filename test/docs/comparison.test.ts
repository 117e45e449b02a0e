import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../package/support.ts";

/**
 * docs/comparison.md makes no claim about another project without a source and the day on which it was read.
 */

const page = readFileSync(join(root, "docs/comparison.md"), "utf8");
const [, others = ""] = page.split(/^## Others$/m);
const claims = others.split("\n").filter((line) => line.startsWith("- "));
const sourced = /\. \(\[source\]\(https:\/\/[^)\s]+\), (\d{4}-\d{2}-\d{2})\)$/;

test("each claim has a source and a date", () => {
	expect(claims.length).toBeGreaterThan(20);
	expect(claims.filter((claim) => !sourced.test(claim))).toEqual([]);
	const days = claims.map((claim) => Date.parse(sourced.exec(claim)?.[1] ?? ""));
	expect(days.filter((day) => Number.isNaN(day) || day > Date.now())).toEqual([]);
});

test("each project of the table has a section with claims", () => {
	const sections = [...others.matchAll(/^### (.+)\n\n- /gm)].map(([, name]) => name);
	const [first] = page.split(/^## Take/m);
	const rows = [...(first ?? "").matchAll(/\[([^\]]+)\]\(#/g)].map(([, name]) => name);
	expect(rows.length).toBeGreaterThan(5);
	expect(rows).toEqual(sections);
});
