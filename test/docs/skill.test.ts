import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { entries } from "../package/installed.ts";
import { root } from "../package/support.ts";

/** What an assistant reads, which sees no other document: complete, and in the form that assistants load. */

const skill = readFileSync(join(root, "skills/edge-sse/SKILL.md"), "utf8");

test("every entry of the package is named", () => {
	const named = (entry: string) => new RegExp(`\\b${entry}["\`]`).test(skill);
	expect(entries.filter((entry) => !named(entry))).toEqual([]);
});

test("its commands are the command's", () => {
	const help = readFileSync(join(root, "src/cli/main.ts"), "utf8");
	const named = [...skill.matchAll(/npx edge-sse (\w+)/g)].map(([, name = ""]) => name);
	expect(named.length).toBeGreaterThan(2);
	expect(named.filter((name) => !new RegExp(`[{ "]${name}[,: ]`).test(help))).toEqual([]);
});

test("there are ten mistakes, in their order", () => {
	const [, mistakes = ""] = /^## Ten mistakes\n(.*?)^## /ms.exec(skill) ?? [];
	const numbers = [...mistakes.matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) => Number(number));
	expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("its head names it as its folder does, and says when to use it", () => {
	const [, name, description = ""] = /^---\nname: (.+)\ndescription: (.+)\n---\n/.exec(skill) ?? [];
	expect(name).toBe("edge-sse");
	expect(description).toContain("Use it to");
	// Longer ones are cut off, or refused.
	expect(description.length).toBeLessThanOrEqual(1_024);
});
