import { cpSync, globSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Installed, install } from "../package/installed.ts";
import { run } from "../package/support.ts";
import { root } from "../support/server.ts";
import { hasDependencies } from "./readme.ts";

/** The examples compile, each with the types of its host and no others. */

const projects = globSync("examples/*/**/tsconfig.json", { cwd: root })
	.filter((path) => !path.includes("node_modules"))
	.map(dirname)
	.filter((folder) => !hasDependencies(folder))
	.sort();
const onDeno = ["examples/deno/server.ts", "examples/deno-deploy/main.ts"];

let installed: Installed;
beforeAll(async () => {
	installed = await install();
	return installed.remove;
});

test.each(projects)("%s compiles", async (folder) => {
	const { code, output } = await run("tsc", ["-p", folder]);
	expect(code, output).toBe(0);
});

describe("on Deno, which checks with its own types", () => {
	// In a copy of the installed package: Deno would otherwise read the modules in place of their declarations.
	test.each(onDeno)("%s compiles", async (file) => {
		cpSync(join(root, file), join(installed.folder, file));
		const { code, output } = await run("deno", ["check", "--no-remote", file], installed.folder);
		expect(code, output).toBe(0);
	});
});

test("every file of the examples is compiled", async () => {
	const checked = await Promise.all(
		projects.map(async (folder) => {
			const { stdout } = await run("tsc", ["-p", folder, "--listFilesOnly"]);
			return stdout.split("\n").map((path) => relative(root, path));
		}),
	);
	const files = globSync("examples/**/*.{ts,tsx}", { cwd: root }).filter(
		(path) => !path.includes("node_modules") && !hasDependencies(path),
	);
	expect(files.length).toBeGreaterThan(10);
	const seen = new Set([...checked.flat(), ...onDeno]);
	expect(files.filter((file) => !seen.has(file))).toEqual([]);
});
