import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { publint } from "publint";
import { beforeAll, describe, expect, test } from "vitest";
import { publicNames } from "./entries.ts";
import { entries, type Installed, install, packageJson, succeed } from "./installed.ts";
import { run } from "./support.ts";

// What only a Worker has, for a look at the names on Node.
const workersModules = `
import { registerHooks } from "node:module";
const url = "data:text/javascript,export class DurableObject {}";
registerHooks({
	resolve: (specifier, context, next) =>
		specifier === "cloudflare:workers" ? { url, shortCircuit: true } : next(specifier, context),
});
`;

let installed: Installed;
beforeAll(async () => {
	installed = await install();
	return installed.remove;
});

test("every entry's names are listed here", () => {
	expect(Object.keys(publicNames).sort()).toEqual([...entries].sort());
});

describe.each(["default", "workerd", "edge-light"])("on the condition %s", (condition) => {
	test.each(entries)("%s exports its public names, and nothing else", async (entry) => {
		const code = `console.log(JSON.stringify(Object.keys(await import("${entry}"))))`;
		const hooks = ["--import", `data:text/javascript,${encodeURIComponent(workersModules)}`];
		const args = [...hooks, `--conditions=${condition}`, "--eval", code];
		const { stdout } = await succeed("node", args, installed.folder);
		expect(JSON.parse(stdout)).toEqual(publicNames[entry]);
	});
});

test.each(Object.entries(packageJson.exports))("exports[%j] leads to built files", (_, target) => {
	const files = typeof target === "string" ? [target] : Object.values(target);
	for (const file of files) {
		expect(existsSync(join(installed.folder, "node_modules/edge-sse", file)), file).toBe(true);
	}
});

test("an inner module cannot be imported", async () => {
	const code = 'await import("edge-sse/dist/hub.js")';
	const { output } = await run("node", ["--eval", code], installed.folder);
	expect(output).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
});

describe("the tarball", () => {
	test("publint finds nothing to say", async () => {
		const { buffer, byteOffset, byteLength } = await readFile(installed.tarball);
		const tarball = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
		const { messages } = await publint({ pack: { tarball }, strict: true });
		expect(messages).toEqual([]);
	});

	test("are the types wrong? They are not", async () => {
		const args = [installed.tarball, "--profile", "esm-only", "--no-definitely-typed"];
		const { code, stdout } = await run("attw", [...args, "--format", "json"], installed.folder);
		expect(code, stdout).toBe(0);
		const looked = Object.keys(JSON.parse(stdout).analysis.entrypoints);
		expect(looked.sort()).toEqual(Object.keys(packageJson.exports).sort());
	});
});
