import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { pages, placeOf } from "./pages.ts";

const inHtml = /(?:href|src)="([^"]*)"/g;
const inMarkdown = /\]\(([^)\s]+)\)/g;

/**
 * What is wrong with a built site: a page, a Markdown twin or the target of a link that is not there.
 *
 * @param folder the built site.
 * @param base the path of the site on its host, with a slash at both ends.
 */
export function problemsOf(folder: string, base: string): string[] {
	const missing = pages
		.flatMap((page) => [`${placeOf(page)}.html`, `${placeOf(page)}.md`])
		.concat("llms.txt", "llms-full.txt")
		.filter((file) => !existsSync(join(folder, file)))
		.map((file) => `${file} is not there`);
	const files = globSync("{**/*.{html,md},llms.txt}", { cwd: folder });
	const broken = files.flatMap((file) => {
		const text = readFileSync(join(folder, file), "utf8");
		const links = file.endsWith(".html") ? text.matchAll(inHtml) : prose(text).matchAll(inMarkdown);
		return [...new Set([...links].map(([, link = ""]) => link))]
			.filter((link) => !leads(folder, base, file, link))
			.map((link) => `${file}: ${link} leads nowhere`);
	});
	return [...missing, ...broken];
}

function leads(folder: string, base: string, file: string, link: string): boolean {
	if (/^\w+:|^\/\//.test(link)) return true;
	const [path = "", anchor = ""] = decodeURI(link).replaceAll("&amp;", "&").split("#");
	const place = path.startsWith("/")
		? `/${path.slice(base.length)}`
		: join("/", dirname(file), path);
	if (path.startsWith("/") && !path.startsWith(base)) return false;
	const target = path === "" ? join(folder, file) : join(folder, place);
	const found = statSync(target, { throwIfNoEntry: false });
	if (found === undefined) return false;
	if (found.isDirectory()) return !file.endsWith(".html") || existsSync(join(target, "index.html"));
	if (anchor === "" || !target.endsWith(".html")) return true;
	return readFileSync(target, "utf8").includes(`id="${anchor}"`);
}

function prose(markdown: string): string {
	return markdown.replaceAll(/^```.*?^```$/gms, "");
}
