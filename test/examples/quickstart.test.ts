import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../support/server.ts";
import { blocks, examples, names, readme } from "./readme.ts";

/** docs/quickstart.md and the guides show the files that the other tests run. */

const guides = readdirSync(join(root, "docs/guides")).map((name) => `docs/guides/${name}`);
const pages = ["docs/quickstart.md", ...guides].map((document) => {
	const text = readFileSync(join(root, document), "utf8");
	// A link to the file, a colon, and the file.
	const shown = text.matchAll(/\]\((?:\.\.\/)+(examples\/[^)]+)\):\n\n```\w+\n(.*?)^```$/gms);
	const files = [...shown].map(([, file = "", code = ""]) => ({ document, file, code }));
	return { document, text, files };
});

test.each(pages.flatMap(({ files }) => files))(
	"$document shows $file unchanged",
	({ file, code }) => {
		// Pages are indented by two spaces.
		expect(code).toBe(readFileSync(join(root, file), "utf8").replaceAll("\t", "  "));
	},
);

test.each(pages)("$document: all its code is a file of the examples", ({ text, files }) => {
	const languages = ["ts", "js", "tsx", "toml", "jsonc", "html", "sql", "python"];
	const code = languages.flatMap((language) => blocks(text, language));
	expect(code).toHaveLength(files.length);
	expect(code.length).toBeGreaterThan(1);
});

test("every example is shown on a page", () => {
	const examples = names.filter((name) => !name.startsWith("connector-"));
	const places = pages.map(({ text }) => text).join("");
	expect(examples.filter((name) => !places.includes(`../examples/${name}/`))).toEqual([]);
});

test.each(guides)(
	"%s has the sections on why, how to run and how to check, in this order",
	(document) => {
		const text = readFileSync(join(root, document), "utf8");
		const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
		expect(headings.slice(0, 3)).toEqual(["Why it is so", "Run it", "See that it works"]);
		const [, why = ""] = /^## Why it is so\n\n(.*?)^## /ms.exec(text) ?? [];
		const sentences = why.split(/\.\s/).filter((sentence) => sentence.trim() !== "");
		expect([3, 4, 5]).toContain(sentences.length);
	},
);

describe("links", () => {
	const linking = ["docs/quickstart.md", "examples/README.md"].concat(
		names.map((name) => `examples/${name}/README.md`),
	);
	test.each(linking)("of %s have a target", (file) => {
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

test.each(names)("%s: its README is short enough for a screen", (name) => {
	expect(readme(name).split("\n").length).toBeLessThanOrEqual(name === "publishing" ? 70 : 40);
});
