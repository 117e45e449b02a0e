import { cpSync, readdirSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectorContract } from "../../src/testing.ts";
import { busConnector, contractOf } from "./consumers-testing.ts";
import { type Installed, install } from "./installed.ts";
import { root, run } from "./support.ts";

/** `edge-sse/testing` for somebody who writes a connector: from the tarball, with the runner they use. */

let installed: Installed;
beforeAll(async () => {
	installed = await install(["eventsource-parser", "vitest"]);
	const files: Record<string, string> = { "bus.js": busConnector };
	for (const { name, module } of runners) {
		files[`good.${name}.test.js`] = contractOf(module, "bus()");
		files[`broken.${name}.test.js`] = contractOf(module, "bus({ broken: true })");
	}
	for (const [name, text] of Object.entries(files)) {
		await writeFile(join(installed.folder, name), text);
	}
});
afterAll(() => installed.remove());

/** Patterns for the counts of passed and failed tests in a runner's output. */
interface Runner {
	name: string;
	module: string;
	command: (file: string) => [string, string[]];
	passed: RegExp;
	failed: RegExp;
}

const runners: Runner[] = [
	{
		name: "vitest",
		module: "vitest",
		command: (file) => ["vitest", ["run", file]],
		passed: /^ *Tests .*?(\d+) passed/m,
		failed: /^ *Tests .*?(\d+) failed/m,
	},
	{
		name: "node",
		module: "node:test",
		command: (file) => ["node", ["--test", "--test-reporter=tap", file]],
		passed: /^# pass (\d+)$/m,
		failed: /^# fail ([1-9]\d*)$/m,
	},
	{
		name: "bun",
		module: "bun:test",
		command: (file) => ["bun", ["test", `./${file}`]],
		passed: /^ *(\d+) pass$/m,
		failed: /^ *([1-9]\d*) fail$/m,
	},
];

/** The number of tests for a connector with these missing capabilities. */
function countCases(): number {
	let count = 0;
	const lacks = { broker: "-", borrow: "-", refused: "-", history: "-", shared: "-" };
	const harness = { connect: () => expect.unreachable(), lacks };
	connectorContract("counted", harness, {
		describe: (_, register) => register(),
		test: () => count++,
	});
	return count;
}

describe.each(runners)("under $name", ({ name, command, passed, failed }) => {
	const runFile = async (kind: "good" | "broken") => {
		const { code, output } = await run(...command(`${kind}.${name}.test.js`), installed.folder);
		const count = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0);
		return { code, output, passes: count(passed), failures: count(failed) };
	};

	test("a connector that keeps the contract passes every test", async () => {
		const { code, output, passes, failures } = await runFile("good");
		expect({ code, passes, failures }, output).toEqual({
			code: 0,
			passes: countCases(),
			failures: 0,
		});
		expect(passes).toBeGreaterThan(25);
	});

	test("a connector that breaks a clause fails the test of that clause", async () => {
		const { code, output, passes, failures } = await runFile("broken");
		expect(code, output).not.toBe(0);
		expect(failures, output).toBeGreaterThan(0);
		expect(passes + failures, output).toBe(countCases());
		expect(output).toContain("X2. close is idempotent; publish and subscribe after it reject");
	});
});

describe("the example for NATS", () => {
	let folder: string;
	beforeAll(async () => {
		folder = join(installed.folder, "connector-nats");
		const example = join(root, "examples/connector-nats");
		// As in a clone, without what an install may have left there.
		cpSync(example, folder, { recursive: true, filter: (path) => !path.includes("node_modules") });
		for (const name of ["@nats-io", "@types"]) {
			const link = join(installed.folder, "node_modules", name);
			await symlink(join(root, "node_modules", name), link);
		}
	});

	test("passes the contract against a real server", async () => {
		const { code, output } = await run("node", ["--test", "--test-reporter=tap"], folder);
		expect(code, output).toBe(0);
		expect(Number(/^# pass (\d+)$/m.exec(output)?.[1]), output).toBeGreaterThan(50);
	});

	test("compiles", async () => {
		const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));
		expect(files).toContain("nats.ts");
		const compilerOptions = {
			...{ module: "NodeNext", target: "ES2023", lib: ["ES2024"], types: ["node"] },
			...{ strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true },
		};
		const config = join(folder, "tsconfig.json");
		await writeFile(config, JSON.stringify({ compilerOptions, files }));
		const { code, output } = await run("tsc", ["-p", config], folder);
		expect(code, output).toBe(0);
	});
});

test("edge-sse/testing imports nothing of Node or another runtime", async () => {
	const { metafile } = await build({
		stdin: { contents: 'export * from "edge-sse/testing";', resolveDir: installed.folder },
		...{ bundle: true, format: "esm", platform: "neutral", mainFields: ["module", "main"] },
		...{ external: ["node:*", ...builtinModules], metafile: true, write: false },
	});
	expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
});
