import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageJson, succeed } from "./installed.ts";
import { root } from "./support.ts";

/** Workflows that run elsewhere, checked as far as possible. */

interface Job {
	permissions?: Record<string, string>;
	needs?: string;
	strategy?: { matrix: { group: string[] } };
	steps: { uses?: string; run?: string }[];
}

const folder = join(root, ".github/workflows");

/** Bun has a parser for YAML. */
async function workflow(name: string) {
	const code =
		"console.log(JSON.stringify(Bun.YAML.parse(await Bun.file(process.argv[1]).text())))";
	const { stdout } = await succeed("bun", ["-e", code, join(folder, name)]);
	const parsed: { permissions: object; jobs: Record<string, Job> } = JSON.parse(stdout);
	return parsed;
}

describe.each(readdirSync(folder))("%s", (name) => {
	test("names each action by its commit, and grants only reading to all jobs", async () => {
		const { jobs, permissions } = await workflow(name);
		const uses = Object.values(jobs).flatMap(({ steps }) => steps.map((step) => step.uses ?? ""));
		const named = uses.filter((action) => action !== "");
		expect(named).not.toEqual([]);
		expect(named.filter((action) => !/^actions\/[\w-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
		expect(permissions).toEqual({ contents: "read" });
	});

	test("runs only scripts that exist", () => {
		const text = readFileSync(join(folder, name), "utf8");
		const scripts = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script = ""]) => script);
		expect(scripts.filter((script) => !(script in packageJson.scripts))).toEqual([]);
	});
});

test("a release is published with provenance after all tests, by a job that may sign", async () => {
	const { jobs } = await workflow("release.yml");
	const { test: tests, publish } = jobs;
	const commands = (job?: Job) => job?.steps.map(({ run = "" }) => run).join("\n");
	expect(commands(tests)).toMatch(/npm ci\n.*\nnpm test$/);
	expect(tests?.permissions).toBeUndefined();
	expect(publish).toMatchObject({ needs: "test", permissions: { "id-token": "write" } });
	expect(commands(publish)).toMatch(
		/npm ci --ignore-scripts\nnpm run build\n.*npm publish --provenance --access public/s,
	);
});

test("a job that may publish runs no install script", async () => {
	for (const name of readdirSync(folder)) {
		const { jobs } = await workflow(name);
		for (const { permissions = {}, steps } of Object.values(jobs)) {
			if (permissions["id-token"] !== "write") continue;
			const installs = steps.flatMap(
				({ run = "" }) => run.match(/npm (?:ci|i|install)\b.*/g) ?? [],
			);
			expect(installs).not.toEqual([]);
			expect(installs.filter((line) => !line.includes("--ignore-scripts"))).toEqual([]);
		}
	}
});

test("CI's jobs run every group of tests", async () => {
	const text = readFileSync(join(root, "scripts/test.ts"), "utf8");
	const groups = [...text.matchAll(/^\t(\w+): \[/gm)].map(([, name]) => name);
	const { jobs } = await workflow("ci.yml");
	const run = Object.values(jobs).flatMap(({ strategy }) => strategy?.matrix.group ?? []);
	expect(run).toEqual(groups);
});
