import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitepress";
import { contents, root } from "../contents.ts";
import { llms, llmsFull } from "../llms.ts";
import { linkedFiles, pages, placeOf, targetOf } from "../pages.ts";

// For a site below a folder of its host: SITE_BASE=/edge-sse/
const base = process.env.SITE_BASE ?? "/";

// The pages are outside of this folder, and would look for Vue in the root's node_modules.
const here = fileURLToPath(import.meta.url);
const ownVue: Plugin = {
	name: "own-vue",
	enforce: "pre",
	resolveId(id, importer) {
		const isVues = /^vue(\/|$)/.test(id) && importer !== here;
		return isVues ? this.resolve(id, here, { skipSelf: true }) : undefined;
	},
};

/** The Markdown files stay where they are, and as they are: GitHub shows the same ones. */
export default defineConfig({
	title: "edge-sse",
	description: "Server-sent events for Node, Bun, Deno and Cloudflare Workers",
	srcDir: "..",
	outDir: "./dist",
	base,
	head: [["link", { rel: "icon", href: "data:," }]],
	srcExclude: ["{bench,scripts,site,src,test,.github}/**", "examples/**/node_modules/**"],
	rewrites: Object.fromEntries(pages.map((page) => [page, `${placeOf(page)}.md`])),
	vite: { plugins: [ownVue] },
	themeConfig: {
		search: { provider: "local" },
		outline: [2, 3],
		sidebar: contents().map(({ title, entries }) => ({
			text: title,
			items: entries.map(({ title: text, path }) => ({ text, link: `/${placeOf(path)}` })),
		})),
	},
	markdown: {
		languageAlias: { caddyfile: "nginx" },
		anchor: { slugify: asOnGitHub },
		config(markdown) {
			// Before VitePress looks at them: what GitHub understands and it does not.
			markdown.core.ruler.push("links", ({ tokens, env }) => {
				for (const token of tokens.flatMap(({ children }) => children ?? [])) {
					const href = token.attrGet("href");
					if (token.type !== "link_open" || href === null) continue;
					const target = targetOf(pageOf(env.relativePath), href);
					if (target.kind !== "elsewhere") token.attrSet("href", target.link);
				}
			});
		},
	},
	transformHead: ({ page }) =>
		page === "404.md"
			? []
			: [
					[
						"link",
						{ rel: "alternate", type: "text/markdown", href: `${base}${twinOf(pageOf(page))}` },
					],
				],
	async buildEnd({ outDir }) {
		const copies = [
			// The links of the Markdown twins lead to README.md, and to the files' own names.
			...pages.flatMap((page) => [[page, twinOf(page)] as const, [page, page] as const]),
			...linkedFiles().flatMap((file) => [[file, file] as const, [file, `${file}.txt`] as const]),
		];
		for (const [from, to] of copies) {
			await mkdir(dirname(join(outDir, to)), { recursive: true });
			await copyFile(join(root, from), join(outDir, to));
		}
		await writeFile(join(outDir, "llms.txt"), llms());
		await writeFile(join(outDir, "llms-full.txt"), llmsFull());
	},
});

function twinOf(page: string): string {
	return `${placeOf(page)}.md`;
}

/** The file of a page, of which VitePress knows the place in the site. */
function pageOf(relativePath: string): string {
	return pages.find((page) => twinOf(page) === relativePath) ?? relativePath;
}

function asOnGitHub(heading: string): string {
	return heading
		.toLowerCase()
		.replaceAll(/[^\p{L}\p{N}_\- ]/gu, "")
		.replaceAll(" ", "-");
}
