import { expect, test } from "vitest";
import { page } from "../../../src/server/page.ts";

const given = { nonce: "bm9uY2U=", publishing: "nobody", presence: false } as const;

test("a prefix of runs cannot end the attribute that it is written into", () => {
	const html = page({ ...given, runs: '"><script>&quot;' });
	expect(html).toContain(' data-runs="&quot;><script>&amp;quot;">');
});

test("where there are no runs, the page knows of none", () => {
	expect(page({ ...given, runs: undefined })).toContain('data-publishing="nobody">');
});

test("a nonce that could end its attribute is refused", () => {
	expect(() => page({ ...given, nonce: '"', runs: undefined })).toThrow(TypeError);
});

test("where nobody is counted, the page knows of no members", () => {
	expect(page({ ...given, runs: undefined })).not.toContain("data-presence>");
	expect(page({ ...given, runs: undefined, presence: true })).toContain("data-presence>");
});
