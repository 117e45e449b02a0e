import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../package/support.ts";
import { documents } from "./snippets.ts";

/** Links between documents, and to their headings, have a target. */

test.each([...documents, "CHANGELOG.md"])("%s: each link has a target", (document) => {
	const links = prose(document).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)/g);
	const broken = [...links].filter(([, path = "", anchor]) => {
		const target = path === "" ? document : join(dirname(document), path);
		if (!existsSync(join(root, target))) return true;
		return anchor !== undefined && !anchors(target).has(anchor);
	});
	expect(broken.map(([link]) => link)).toEqual([]);
});

test.each(documents)("%s: each file that it names exists", (document) => {
	const text = readFileSync(join(root, document), "utf8");
	const named = text.matchAll(/`((?:src|test|scripts|bench|docs|\.github)\/[\w./-]*)`/g);
	const paths = [...named].map(([, path = ""]) => path);
	expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("anchors() knows the anchors of headings and no others", () => {
	expect(anchors("README.md")).toContain("coming-from-flask-sse");
	expect(anchors("docs/access.md")).toContain("flask-sses-before_request");
	expect(anchors("README.md")).not.toContain("nowhere");
});

/** The anchors that GitHub makes of headings. */
function anchors(document: string): Set<string> {
	const headings = prose(document).matchAll(/^#+ (.+)$/gm);
	return new Set(
		[...headings].map(([, heading = ""]) =>
			heading
				.toLowerCase()
				.replaceAll(/[^\p{L}\p{N}_\- ]/gu, "")
				.replaceAll(" ", "-"),
		),
	);
}

/** The text without fenced blocks, because a comment of a shell is no heading. */
function prose(document: string): string {
	return readFileSync(join(root, document), "utf8").replaceAll(/^```.*?^```$/gms, "");
}
