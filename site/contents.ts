import { readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's own folder. */
export const root: string = fileURLToPath(new URL("..", import.meta.url));

/** A page, as docs/README.md names it. */
export interface Entry {
	title: string;
	/** From the root of the repository. */
	path: string;
	/** What the page is about, in Markdown, without a full stop. */
	about: string;
}

/** A heading of docs/README.md, and the pages under it. */
export interface Group {
	title: string;
	entries: Entry[];
}

/**
 * Reads docs/README.md, from which the sidebar and llms.txt are made.
 *
 * @throws an `Error` that names the line, where one is neither a heading nor a page with its description.
 */
export function contents(
	text: string = readFileSync(join(root, "docs/README.md"), "utf8"),
): Group[] {
	const groups: Group[] = [];
	const [, ...parts] = text.split(/^## /m);
	for (const part of parts) {
		const [title = "", ...lines] = part.split("\n");
		const entries = lines.filter((line) => line.trim() !== "").map(entry);
		groups.push({ title, entries });
	}
	return groups;
}

function entry(line: string): Entry {
	const [, title, path, about] = /^- \[([^\]]+)\]\(([^)#]+\.md)\): (.+)$/.exec(line) ?? [];
	if (title === undefined || path === undefined || about === undefined) {
		throw new Error(
			`docs/README.md: ${JSON.stringify(line)} must be "- [Title](page.md): what it is about".`,
		);
	}
	return { title, path: normalize(join("docs", path)), about };
}
