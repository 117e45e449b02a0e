import { expect, test } from "vitest";
import { page } from "../../../src/server/page.ts";

const given = { nonce: "bm9uY2U=", publishing: "nobody", presence: false } as const;

test("a prefix of runs is escaped in its attribute", () => {
	const html = page({ ...given, runs: '"><script>&quot;' });
	expect(html).toContain(' data-runs="&quot;><script>&amp;quot;">');
});

test("without runs the page has no attribute for them", () => {
	expect(page({ ...given, runs: undefined })).toContain('data-publishing="nobody">');
});

test("a nonce that could end its attribute is refused", () => {
	expect(() => page({ ...given, nonce: '"', runs: undefined })).toThrow(TypeError);
});

test("the page shows members only with presence", () => {
	expect(page({ ...given, runs: undefined })).not.toContain("data-presence>");
	expect(page({ ...given, runs: undefined, presence: true })).toContain("data-presence>");
});
