import { expect, test } from "vitest";
import { carriesToken } from "../../../src/server/access.ts";

test("carriesToken() is true only for exactly that token", () => {
	for (const header of ["Bearer secret", "bearer secret", "BEARER   secret"]) {
		expect(carriesToken(header, "secret")).toBe(true);
	}
	for (const header of [
		undefined,
		null,
		"",
		"Bearer",
		"Bearer ",
		"secret",
		"Basic secret",
		"Bearer secre",
		"Bearer secreT",
		"Bearer Secret",
		"Bearer secret ",
		"Bearer secret\0",
		"Bearer secret secret",
	]) {
		expect([header, carriesToken(header, "secret")]).toEqual([header, false]);
	}
	// A character past the end could compare as 0, like this NUL.
	expect(carriesToken("Bearer secre", "secre\0")).toBe(false);
});
