import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { entries } from "../package/installed.ts";
import { root } from "../package/support.ts";

/** The skill that an assistant loads. It sees no other document, so this one must be complete. */

const skill = readFileSync(join(root, "skills/edge-sse/SKILL.md"), "utf8");

test("the skill names every entry of the package", () => {
	const named = (entry: string) => new RegExp(`\\b${entry}["\`]`).test(skill);
	expect(entries.filter((entry) => !named(entry))).toEqual([]);
});

test("the skill names only commands that exist", () => {
	const help = readFileSync(join(root, "src/cli/main.ts"), "utf8");
	const named = [...skill.matchAll(/npx edge-sse (\w+)/g)].map(([, name = ""]) => name);
	expect(named.length).toBeGreaterThan(2);
	expect(named.filter((name) => !new RegExp(`[{ "]${name}[,: ]`).test(help))).toEqual([]);
});

test("the skill has ten numbered mistakes", () => {
	const [, mistakes = ""] = /^## Ten mistakes\n(.*?)^## /ms.exec(skill) ?? [];
	const numbers = [...mistakes.matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) => Number(number));
	expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("the skill's head has its folder's name and says when to use it", () => {
	const [, name, description = ""] = /^---\nname: (.+)\ndescription: (.+)\n---\n/.exec(skill) ?? [];
	expect(name).toBe("edge-sse");
	expect(description).toContain("Use it to");
	// Longer descriptions are cut off or refused.
	expect(description.length).toBeLessThanOrEqual(1_024);
});
