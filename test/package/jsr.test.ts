import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageJson } from "./installed.ts";
import { root, run } from "./support.ts";

/** jsr.json says of the sources what package.json says of the built files. */

const jsr = JSON.parse(readFileSync(join(root, "jsr.json"), "utf8"));

test("it has the version and the licence of package.json", () => {
	const { version, license } = packageJson;
	expect(jsr).toMatchObject({ version, license });
});

test("it has package.json's entries, each as the source that the built file is made of", () => {
	const sources = Object.entries(packageJson.exports).flatMap(([entry, target]) =>
		typeof target === "string" ? [] : [[entry, sourceOf(target.default ?? "")]],
	);
	expect(jsr.exports).toEqual(Object.fromEntries(sources));
});

test("it has package.json's dependencies, in the same versions", () => {
	const needed = { ...packageJson.dependencies, ...packageJson.peerDependencies };
	const imports = Object.entries(needed).map(([name, range]) => [name, `npm:${name}@${range}`]);
	expect(jsr.imports).toEqual(Object.fromEntries(imports));
});

// What its types come to is tsc's to check, which knows the modules that only Cloudflare has.
test("it could be published, with types that need no inference", async () => {
	const args = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
	const { code, output } = await run("deno", args);
	expect(code, output).toBe(0);
	expect(output).toContain("Dry run complete");
	const published = [...output.matchAll(/ file:\S+?\/(src\/\S+)/g)].map(([, path = ""]) => path);
	expect(published).toContain("src/index.ts");
	expect(published.filter((path) => /^src\/server|\.d\.ts$/.test(path))).toEqual([]);
});

function sourceOf(built: string): string {
	return built.replace(/^\.\/dist\//, "./src/").replace(/\.js$/, ".ts");
}
