import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../support/server.ts";
import { blocks, examples, names, readme } from "./readme.ts";

/** docs/quickstart.md shows the very files that the other tests run. */

const page = readFileSync(join(root, "docs/quickstart.md"), "utf8");
// A link to the file, a colon, and the file.
const shown = [...page.matchAll(/\]\(\.\.\/(examples\/[^)]+)\):\n\n```\w+\n(.*?)^```$/gms)];
const files = shown.map(([, file = "", code = ""]) => ({ file, code }));

test.each(files)("$file is shown as it is", ({ file, code }) => {
	// Pages are indented by two spaces.
	expect(code).toBe(readFileSync(join(root, file), "utf8").replaceAll("\t", "  "));
});

test("all code on the page is a file of the examples", () => {
	const code = ["ts", "js", "tsx", "toml", "jsonc"].flatMap((language) => blocks(page, language));
	expect(code).toHaveLength(files.length);
	expect(code.length).toBeGreaterThan(15);
});

test("every host of the examples has its place on the page", () => {
	const hosts = names.filter((name) => !name.startsWith("connector-"));
	expect(hosts.filter((name) => !page.includes(`../examples/${name}/`))).toEqual([]);
});

describe("links", () => {
	const pages = ["docs/quickstart.md", "examples/README.md"].concat(
		names.map((name) => `examples/${name}/README.md`),
	);
	test.each(pages)("of %s lead somewhere", (file) => {
		const text = readFileSync(join(root, file), "utf8");
		const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) => link);
		const local = links.filter((link) => !link.startsWith("http"));
		expect(local.filter((link) => !existsSync(join(root, dirname(file), link)))).toEqual([]);
	});

	test("of examples/README.md lead to every example", () => {
		const index = readFileSync(join(examples, "README.md"), "utf8");
		expect(names.filter((name) => !index.includes(`](${name}/README.md)`))).toEqual([]);
	});
});

test.each(names)("%s: its README fits on a screen", (name) => {
	expect(readme(name).split("\n").length).toBeLessThanOrEqual(name === "publishing" ? 70 : 40);
});
