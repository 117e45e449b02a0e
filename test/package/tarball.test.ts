import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { onlyPackage, type Pack, packageJson, succeed } from "./installed.ts";
import { root } from "./support.ts";

/** The exact files of the tarball, and its size. */

const papers = [
	...["CHANGELOG.md", "LICENSE", "README.md", "package.json"],
	"skills/edge-sse/SKILL.md",
];
/** The greatest sizes for download and on disk, in bytes. */
const limits = { packed: 600_000, unpacked: 2_110_000 };

/** The target of `bin`, in one file, and the licences of the code that it includes. */
const command = ["dist/cli.js", "dist/cli.licenses.txt"];
/** The command's own sources, which have no declarations. */
const ofCommand = /^(server|cli)\//;

/** Files that several entries share. */
const shared = [
	...[
		"client-more",
		"common",
		"environment",
		"memory",
		"poll",
		"publisher",
		"publishing",
		"redis",
		"sender",
	],
	...["sse", "target", "targets"],
].map((name) => `shared/${name}.js`);

const ending = /\.(d\.ts|[jt]s)$/;

/** The targets of package.json, as paths in dist. */
const targets = Object.values(packageJson.exports)
	.flatMap((target) => Object.values(target))
	.filter((path) => path.startsWith("./dist/"))
	.map((path) => path.replace("./dist/", ""));

/** The sources of what can be imported, as paths in src. */
function sources(): string[] {
	const paths = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
	return paths.filter((path) => /(?<!\.d)\.ts$/.test(path) && !ofCommand.test(path));
}

let pack: Pack;
beforeAll(async () => {
	const { stdout } = await succeed("npm", ["pack", "--dry-run", "--json", "--offline"]);
	pack = onlyPackage(stdout);
});

test("the tarball holds each source's declarations, the entries' modules, the command, the documents and nothing else", () => {
	const declarations = sources().map((path) => path.replace(ending, ".d.ts"));
	const modules = new Set(targets.filter((path) => path.endsWith(".js")));
	const built = [...declarations, ...modules, ...shared].map((path) => `dist/${path}`);
	const all = [...papers, ...command, ...built];
	expect(pack.files.map(({ path }) => path).sort()).toEqual(all.sort());
});

test("every source in the tarball is reached from an entry", () => {
	const reached = new Set(targets.map((path) => path.replace(ending, ".ts")));
	// The loop also visits paths that are added during it.
	for (const path of reached) {
		const imports = readFileSync(join(root, "src", path), "utf8").matchAll(/"(\.\.?\/[^"]+\.ts)"/g);
		for (const [, specifier = ""] of imports) reached.add(join(dirname(path), specifier));
	}
	expect([...reached].sort()).toEqual(sources().sort());
});

test("the tarball keeps to its size limits", () => {
	console.log(`the tarball: ${pack.size} bytes packed, ${pack.unpackedSize} unpacked`);
	expect(pack.size).toBeLessThan(limits.packed);
	expect(pack.unpackedSize).toBeLessThan(limits.unpacked);
});
