import { globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { root } from "./contents.ts";

const patterns = [
	"*.md",
	"docs/**/*.md",
	"examples/**/*.md",
	"skills/**/*.md",
	"templates/**/*.md",
];

/** The Markdown files that are pages of the site, as paths from the root. */
export const pages: readonly string[] = patterns
	.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ["**/node_modules/**"] }))
	.sort();

/** Where a page is in the site, without its ending: `docs/hub`, and `docs/index` for `docs/README.md`. */
export function placeOf(page: string): string {
	return page.replace(/(^|\/)README\.md$/, "$1index.md").replace(/\.md$/, "");
}

/** What a link means. */
export type Target =
	| { kind: "elsewhere" }
	/** Another page: `link` is how the site names it. */
	| { kind: "page"; link: string }
	/** A file of the repository: the site has a copy of it, as text. */
	| { kind: "file"; path: string; link: string };

/**
 * What the link of a page leads to. GitHub shows folders and all files; the site has pages, and copies of the other files.
 *
 * @throws an `Error` that names the page and the link, where it leads nowhere.
 */
export function targetOf(page: string, href: string): Target {
	if (/^\w+:|^#/.test(href)) return { kind: "elsewhere" };
	const [path = "", anchor] = href.split("#");
	const end = anchor === undefined ? "" : `#${anchor}`;
	const target = normalize(join(dirname(page), decodeURI(path))).replace(/\/$/, "");
	const found = statSync(join(root, target), { throwIfNoEntry: false });
	if (found === undefined) throw new Error(`${page}: the link ${href} leads nowhere.`);
	const file = found.isDirectory() ? join(target, "README.md") : target;
	if (pages.includes(file)) {
		const inFolder = found.isDirectory() ? join(path, "README.md") : path;
		return { kind: "page", link: `${placeOf(inFolder)}.md${end}` };
	}
	return { kind: "file", path: file, link: `${path}.txt` };
}

/** The files that pages link to and that are no pages themselves, as paths from the root. */
export function linkedFiles(): string[] {
	const files = new Set<string>();
	for (const page of pages) {
		const text = readFileSync(join(root, page), "utf8").replaceAll(/^```.*?^```$/gms, "");
		for (const [, href = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
			const target = targetOf(page, href);
			if (target.kind === "file") files.add(target.path);
		}
	}
	return [...files].sort();
}
