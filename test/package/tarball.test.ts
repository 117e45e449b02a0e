import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { onlyPackage, type Pack, packageJson, succeed } from "./installed.ts";
import { root } from "./support.ts";

/** What is shipped, to the file, and how much it is. */

const papers = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"];
/** The most that everybody downloads, and has on disk, in bytes. */
const limits = { packed: 200_000, unpacked: 700_000 };

const ending = /\.(d\.ts|[jt]s)$/;

/** Of what is shipped, as paths in src: the hub is not. */
function sources(): string[] {
	const paths = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
	return paths.filter((path) => /(?<!\.d)\.ts$/.test(path) && !path.startsWith("server/"));
}

let pack: Pack;
beforeAll(async () => {
	const { stdout } = await succeed("npm", ["pack", "--dry-run", "--json", "--offline"]);
	pack = onlyPackage(stdout);
});

test("it holds each source's module and declarations, the papers, and nothing else", () => {
	const built = sources().flatMap((path) =>
		[".js", ".d.ts"].map((end) => `dist/${path.replace(ending, end)}`),
	);
	expect(pack.files.map(({ path }) => path).sort()).toEqual([...papers, ...built].sort());
});

test("every source of it is reached from an entry", () => {
	const targets = Object.values(packageJson.exports).flatMap((target) => Object.values(target));
	const entries = targets.filter((target) => target.startsWith("./dist/"));
	const reached = new Set(
		entries.map((path) => path.replace("./dist/", "").replace(ending, ".ts")),
	);
	// What is added on the way is come to as well.
	for (const path of reached) {
		const imports = readFileSync(join(root, "src", path), "utf8").matchAll(/"(\.\.?\/[^"]+\.ts)"/g);
		for (const [, specifier = ""] of imports) reached.add(join(dirname(path), specifier));
	}
	expect([...reached].sort()).toEqual(sources().sort());
});

test("it is small", () => {
	console.log(`the tarball: ${pack.size} bytes packed, ${pack.unpackedSize} unpacked`);
	expect(pack.size).toBeLessThan(limits.packed);
	expect(pack.unpackedSize).toBeLessThan(limits.unpacked);
});
