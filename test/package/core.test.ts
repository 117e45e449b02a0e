import { appendFileSync, cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { portableFiles, root, run, temporaryFolder } from "./support.ts";

/**
 * The core must not know a runtime or a client library, and three checkers ensure that. Each must pass on the
 * tree. Each must also fail for every single core file that breaks the rule, because a checker whose
 * configuration leaves a file out would always pass.
 */
interface Checker {
	name: string;
	/** The core files of a tree that the checker complains about. */
	complaints(tree: string): Promise<string[]>;
}

const files = portableFiles();

const checkers: Checker[] = [
	{
		name: "the compiler",
		complaints: (tree) => named(tree, "tsc", ["-p", "tsconfig.portable.json"]),
	},
	{
		name: "the linter",
		complaints: (tree) =>
			named(tree, "biome", [
				...["lint", "--error-on-warnings", "--max-diagnostics=none", "--colors=off"],
				// Only these rules, because a file that is broken on purpose breaks others, too.
				...["--only=style/noRestrictedImports", "--only=style/noRestrictedGlobals"],
				...files,
			]),
	},
	{
		name: "the bundle",
		complaints: async (tree) => {
			const verdicts = await Promise.all(files.map((file) => bundleProblems(tree, file)));
			return files.filter((_, at) => verdicts[at] !== "");
		},
	},
];

const breakages: Record<string, string> = {
	"imports node:net": 'import { connect } from "node:net";\nexport const broken = connect;',
	"imports @redis/client":
		'import { createClient } from "@redis/client";\nexport const broken = createClient;',
	"loads @redis/client when it needs it":
		'export const broken = async () => await import("@redis/client");',
	"reads process": "export const broken = process.env.HOME;",
	"makes a Buffer": 'export const broken = Buffer.from("");',
};

describe.each(checkers)("$name", ({ complaints }) => {
	test("passes on the tree", async () => {
		expect(await complaints(root)).toEqual([]);
	});

	test.each(Object.entries(breakages))("fails when a core file %s", async (_, code) => {
		const tree = scratchTree();
		for (const file of files) appendFileSync(join(tree, file), `\n${code}\n`);
		expect(await complaints(tree)).toEqual(files);
	});
});

/** Imports that are forbidden: for each folder of the core the nearest wrong one. */
const wrongWays: [file: string, imported: string, checkers: string[]][] = [
	["src/core/sse.ts", "../connectors/redis.ts", ["the compiler", "the linter"]],
	["src/core/delivery/hub.ts", "../sse.ts", ["the linter"]],
	["src/core/history/replay.ts", "../delivery/channel.ts", ["the linter"]],
	["src/core/request/cors.ts", "../options.ts", ["the linter"]],
	["src/core/message/frame.ts", "../history/cursor.ts", ["the linter"]],
	["src/core/sinks/sink.ts", "../message/frame.ts", ["the linter"]],
];

// All in one tree, because a checker names each file.
test.each(["the compiler", "the linter"])(
	"%s refuses imports against the direction of the layers",
	async (name) => {
		const tree = scratchTree();
		for (const [file, imported] of wrongWays) {
			appendFileSync(join(tree, file), `\nexport * from "${imported}";\n`);
		}
		const wrong = wrongWays.filter(([, , names]) => names.includes(name)).map(([file]) => file);
		const checker = checkers.find((candidate) => candidate.name === name);
		expect((await checker?.complaints(tree))?.sort()).toEqual(wrong.sort());
	},
);

test("the linter finds an import circle, also one of types only", async () => {
	const tree = scratchTree();
	const circle = 'import type { HubOptions } from "./hub.ts";\nexport type Broken = HubOptions;\n';
	appendFileSync(join(tree, "src/core/delivery/feed.ts"), circle);
	const { code, output } = await run(
		"biome",
		["lint", "--colors=off", "--only=suspicious/noImportCycles", "src"],
		tree,
	);
	expect(output).toContain("src/core/delivery/feed.ts");
	expect(code).toBe(1);
});

/** A copy of what the checkers read, which may be broken. */
function scratchTree(): string {
	const tree = temporaryFolder();
	const configs = [
		"tsconfig.json",
		"tsconfig.core.json",
		"tsconfig.portable.json",
		"biome.json",
		"package.json",
	];
	for (const name of ["src", ".gitignore", ...configs]) {
		cpSync(join(root, name), join(tree, name), { recursive: true });
	}
	symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
	return tree;
}

async function named(tree: string, program: string, args: string[]): Promise<string[]> {
	const { code, output } = await run(program, args, tree);
	const found = files.filter((file) => new RegExp(`^${file}[:(]\\d`, "m").test(output));
	// A checker that fails for another reason would prove nothing.
	if ((code === 0) !== (found.length === 0)) throw new Error(`${program} (${code}): ${output}`);
	return found;
}

const runtimeGlobals = ["process", "Buffer", "Bun", "Deno", "require", "__dirname"];

/** What a module and all its imports need from outside, or an empty string. */
async function bundleProblems(tree: string, file: string): Promise<string> {
	const { metafile, outputFiles } = await build({
		absWorkingDir: tree,
		entryPoints: [file],
		bundle: true,
		platform: "neutral",
		format: "esm",
		packages: "external",
		metafile: true,
		write: false,
		logLevel: "silent",
		// Renames each use of a runtime's own global, so that it can be found.
		define: Object.fromEntries(runtimeGlobals.map((name) => [name, `runtime_global_${name}`])),
	});
	const imported = Object.values(metafile.outputs).flatMap((output) => output.imports);
	const outside = Object.keys(metafile.inputs).filter((input) => !input.startsWith("src/"));
	const globals = outputFiles.flatMap(({ text }) => text.match(/runtime_global_\w+/g) ?? []);
	return [...imported.map((one) => one.path), ...outside, ...globals].join(", ");
}
