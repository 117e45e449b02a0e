import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { onlyPackage, type Pack, packageJson, succeed } from "./installed.ts";
import { root } from "./support.ts";

/** What is shipped, to the file, and how much it is. */

const papers = [
	...["CHANGELOG.md", "LICENSE", "README.md", "package.json"],
	"skills/edge-sse/SKILL.md",
];
/** The most that everybody downloads, and has on disk, in bytes. */
const limits = { packed: 600_000, unpacked: 2_100_000 };

/** What `bin` leads to, in one file, and the licences of what others wrote of it. */
const command = ["dist/cli.js", "dist/cli.licenses.txt"];
/** The command's own sources, of which there are no declarations. */
const ofCommand = /^(server|cli)\//;

/** What several entries have in common. */
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

/** What package.json leads to, as paths in dist. */
const targets = Object.values(packageJson.exports)
	.flatMap((target) => Object.values(target))
	.filter((path) => path.startsWith("./dist/"))
	.map((path) => path.replace("./dist/", ""));

/** Of what is shipped, as paths in src: what can be imported. */
function sources(): string[] {
	const paths = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
	return paths.filter((path) => /(?<!\.d)\.ts$/.test(path) && !ofCommand.test(path));
}

let pack: Pack;
beforeAll(async () => {
	const { stdout } = await succeed("npm", ["pack", "--dry-run", "--json", "--offline"]);
	pack = onlyPackage(stdout);
});

test("it holds each source's declarations, the entries' modules, the command, the papers, and nothing else", () => {
	const declarations = sources().map((path) => path.replace(ending, ".d.ts"));
	const modules = new Set(targets.filter((path) => path.endsWith(".js")));
	const built = [...declarations, ...modules, ...shared].map((path) => `dist/${path}`);
	const all = [...papers, ...command, ...built];
	expect(pack.files.map(({ path }) => path).sort()).toEqual(all.sort());
});

test("every source of it is reached from an entry", () => {
	const reached = new Set(targets.map((path) => path.replace(ending, ".ts")));
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
