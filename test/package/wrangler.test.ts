import { cpSync, globSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Installed, install } from "./installed.ts";
import { root, run, temporaryFolder } from "./support.ts";

/** What wrangler does with Workers besides serving them: it writes their types and bundles them. */

/** The examples are copied beside the package, as in a user's project, without this checkout's declarations. */
const examples = globSync("examples/cloudflare-*/wrangler.{toml,jsonc}", {
	cwd: root,
	exclude: (name) => String(name).includes("node_modules"),
});

/** The time for one run of wrangler, in ms. It starts workerd to read its types. */
const patience = 100_000;

let installed: Installed;
beforeAll(async () => {
	installed = await install();
	for (const config of examples) {
		const folder = dirname(config);
		cpSync(join(root, folder), join(installed.folder, folder), { recursive: true });
		await rm(join(installed.folder, folder, "env.d.ts"), { force: true });
		// Secrets are not in the configuration. wrangler takes their names from here.
		const names = ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"];
		const vars = names.map((name) => `${name}=x\n`).join("");
		await writeFile(join(installed.folder, folder, ".dev.vars"), vars);
	}
	return installed.remove;
});

test("the examples have a wrangler.jsonc and a wrangler.toml", () => {
	const forms = new Set(examples.map((path) => basename(path)));
	expect([...forms].sort()).toEqual(["wrangler.jsonc", "wrangler.toml"]);
});

test.each(examples)(
	"%s compiles with the types that `wrangler types` writes",
	async (config) => {
		const folder = join(installed.folder, dirname(config));
		const types = await run("wrangler", ["types", "--config", basename(config)], folder, patience);
		expect(types.code, types.output).toBe(0);
		await writeFile(join(folder, "tsconfig.json"), tsconfig);
		const { code, output } = await run("tsc", ["-p", "."], folder, patience);
		expect(code, output).toBe(0);
	},
	2 * patience,
);

const deploy = (config: string) =>
	run("wrangler", ["deploy", "--dry-run", "--config", config, "--outdir", temporaryFolder()]);

test("a wrangler.jsonc builds for deployment without warnings", async () => {
	const config = examples.find((path) => path.endsWith(".jsonc")) ?? "";
	const { code, output } = await deploy(join(installed.folder, config));
	expect(output).not.toContain("WARNING");
	expect(code, output).toBe(0);
});

describe("the hub", () => {
	test("builds for deployment with its objects", async () => {
		const { code, output } = await deploy(`${root}/wrangler.toml`);
		expect(output).toContain("env.SSE (SseChannel)");
		expect(output).not.toContain("WARNING");
		expect(code).toBe(0);
	});

	test("has generated types with the binding's class", async () => {
		const file = join(temporaryFolder(), "hub.d.ts");
		const args = ["types", file, "--config", `${root}/wrangler.toml`, "--include-runtime=false"];
		const { code, output } = await run("wrangler", args);
		expect(code, output).toBe(0);
		expect(await readFile(file, "utf8")).toMatch(
			/SSE: DurableObjectNamespace<import\("[^"]*\/src\/server\/worker"\)\.SseChannel>/,
		);
	});
});

const tsconfig = JSON.stringify({
	compilerOptions: {
		target: "ES2024",
		lib: ["ES2024"],
		module: "ESNext",
		moduleResolution: "bundler",
		strict: true,
		noEmit: true,
		types: [],
	},
	include: ["."],
});
