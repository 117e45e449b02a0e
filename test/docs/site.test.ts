import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { problemsOf } from "../../site/check.ts";
import { contents } from "../../site/contents.ts";
import { llms, llmsFull } from "../../site/llms.ts";
import { linkedFiles, pages, placeOf, targetOf } from "../../site/pages.ts";
import { root } from "../package/support.ts";
import { temporaryDirectory } from "../support/directories.ts";

/** The contents of the site. `npm run docs` shows that it builds, which takes an installation of its own. */

const entries = contents().flatMap((group) => group.entries);
const named = entries.map(({ path }) => path);

test("docs/README.md, and so the sidebar, names every page of docs/ once", () => {
	const all = pages.filter((page) => page.startsWith("docs/") && page !== "docs/README.md");
	expect(named.filter((path) => path.startsWith("docs/")).sort()).toEqual(all);
	expect(new Set(named).size).toBe(named.length);
	expect(new Set(entries.map(({ title }) => title)).size).toBe(entries.length);
});

test("every entry of the contents is a page", () => {
	expect(named.filter((path) => !pages.includes(path))).toEqual([]);
});

test("an entry that is no page is refused", () => {
	expect(() => contents("# A\n\n## B\n\n- [C](c.md)\n")).toThrow(
		'docs/README.md: "- [C](c.md)" must be',
	);
});

test("every link of every page leads to a page or a file", () => {
	expect(linkedFiles()).toContain("examples/node/server.ts");
	expect(targetOf("docs/hub.md", "../README.md#the-hub")).toEqual({
		kind: "page",
		link: "../index.md#the-hub",
	});
	expect(targetOf("docs/connectors.md", "../examples/connector-nats")).toEqual({
		kind: "page",
		link: "../examples/connector-nats/index.md",
	});
	expect(targetOf("README.md", "LICENSE")).toMatchObject({ link: "LICENSE.txt" });
	expect(targetOf("README.md", "https://localhost/a")).toEqual({ kind: "elsewhere" });
	expect(() => targetOf("README.md", "docs/nowhere.md")).toThrow(
		"README.md: the link docs/nowhere.md leads nowhere",
	);
});

test("llms.txt names the Markdown of each page, and llms-full.txt contains the pages", () => {
	const links = [...llms().matchAll(/^- \[.+?\]\((.+?)\): /gm)].map(([, link]) => link);
	expect(links).toEqual(named.map((path) => `${placeOf(path)}.md`));
	expect(llms()).toMatch(/^# edge-sse\n\n> .+\n\n/);
	const full = llmsFull();
	for (const path of ["README.md", "docs/hub.md", "docs/client.md"]) {
		expect(full).toContain(readFileSync(join(root, path), "utf8").trim());
	}
	expect(full).not.toContain("\nname: edge-sse\n");
});

test("a broken link or a missing page of a built site is found", async () => {
	const folder = temporaryDirectory();
	const put = async (file: string, text: string) => {
		await mkdir(dirname(join(folder, file)), { recursive: true });
		await writeFile(join(folder, file), text);
	};
	for (const page of pages) {
		await put(`${placeOf(page)}.html`, '<h1 id="here"></h1><a href="#here"></a>');
		await put(`${placeOf(page)}.md`, "[here](#here)");
	}
	await put("llms.txt", "[a](docs/hub.md)");
	await put("llms-full.txt", "");
	expect(problemsOf(folder, "/base/")).toEqual([]);

	await put("docs/hub.html", '<a href="client.html#nowhere"></a><a href="/docs/client.html"></a>');
	await put("docs/hub.md", "[a](nowhere.md)");
	expect(problemsOf(folder, "/base/").sort()).toEqual([
		"docs/hub.html: /docs/client.html leads nowhere",
		"docs/hub.html: client.html#nowhere leads nowhere",
		"docs/hub.md: nowhere.md leads nowhere",
	]);
	expect(problemsOf(temporaryDirectory(), "/").length).toBeGreaterThan(2 * pages.length);
});
