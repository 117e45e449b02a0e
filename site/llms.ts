import { readFileSync } from "node:fs";
import { join } from "node:path";
import { contents, type Entry, root } from "./contents.ts";
import { placeOf } from "./pages.ts";

const summary =
	"Server-sent events for Node, Bun, Deno and Cloudflare Workers: publish from anywhere, stream to browsers from one fetch handler.";

/** llms.txt: each page's Markdown twin, and what it is about. */
export function llms(): string {
	const groups = contents().map(({ title, entries }) => {
		const lines = entries.map((one) => `- [${one.title}](${placeOf(one.path)}.md): ${one.about}`);
		return `## ${title}\n\n${lines.join("\n")}\n`;
	});
	const all = "All of it in one file: [llms-full.txt](llms-full.txt).";
	return `# edge-sse\n\n> ${summary}\n\n${all}\n\n${groups.join("\n")}`;
}

// Long, and of no use to somebody who writes a program.
const leftOut = new Set(["CHANGELOG.md", "CONTRIBUTING.md"]);

/** llms-full.txt: the pages themselves, in the order of docs/README.md. */
export function llmsFull(): string {
	const entries = contents().flatMap((group) => group.entries);
	const texts = entries.filter(({ path }) => !leftOut.has(path)).map(whole);
	return `# edge-sse\n\n> ${summary}\n\n${texts.join("\n")}`;
}

function whole({ path }: Entry): string {
	// The head of SKILL.md is for those that load it.
	const text = readFileSync(join(root, path), "utf8").replace(/^---\n.*?\n---\n+/s, "");
	return `<page path="${path}">\n\n${text.trim()}\n\n</page>\n`;
}
