import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { publint } from "publint";
import { beforeAll, describe, expect, test } from "vitest";
import { entriesWith, publicNames } from "./entries.ts";
import { entries, type Installed, install, packageJson, succeed } from "./installed.ts";
import { run } from "./support.ts";

// A stand-in for a module that only Workers have, to look at the names on Node.
const workersModules = `
import { registerHooks } from "node:module";
const url = "data:text/javascript,export class DurableObject {}";
registerHooks({
	resolve: (specifier, context, next) =>
		specifier === "cloudflare:workers" ? { url, shortCircuit: true } : next(specifier, context),
});
`;

// Whether the errors of connectors are instances of the main entry's classes.
const errors = `
import { memory } from "edge-sse/memory";
import { redis } from "edge-sse/redis";
import { upstash } from "edge-sse/upstash";
import { ConnectorError } from "edge-sse";
async function isOurs(connector) {
	await connector.close();
	return connector.publish("a", "{}").then(() => false, (error) => error instanceof ConnectorError);
}
console.log(JSON.stringify({
	memory: await isOurs(memory()),
	redis: await isOurs(redis("redis://127.0.0.1:1")),
	upstash: await isOurs(upstash({ url: "https://example.com", token: "t" })),
}));
`;

let installed: Installed;
beforeAll(async () => {
	installed = await install();
	return installed.remove;
});

test("publicNames lists every entry", () => {
	expect(Object.keys(publicNames).sort()).toEqual([...entries].sort());
});

describe.each(["default", "workerd", "edge-light"])("on the condition %s", (condition) => {
	test.each(entries)("%s exports its public names and nothing else", async (entry) => {
		const code = `console.log(JSON.stringify(Object.keys(await import("${entry}"))))`;
		const hooks = ["--import", `data:text/javascript,${encodeURIComponent(workersModules)}`];
		const args = [...hooks, `--conditions=${condition}`, "--eval", code];
		const { stdout } = await succeed("node", args, installed.folder);
		expect(JSON.parse(stdout)).toEqual(publicNames[entry]);
	});
});

// A console, a debugger and a test's diff show an object's class by this name.
test.each(entriesWith("node", "react"))(
	"%s: functions and classes have their public names",
	async (entry) => {
		const code = `
		const exported = Object.entries(await import("${entry}"));
		const named = exported.filter(([, value]) => typeof value === "function");
		console.log(JSON.stringify(named.map(([name, value]) => [name, value.name])));`;
		const { stdout } = await succeed("node", ["--eval", code], installed.folder);
		const names: string[][] = JSON.parse(stdout);
		expect(names).not.toEqual([]);
		expect(names.filter(([name, own]) => name !== own)).toEqual([]);
	},
);

test.each(["default", "workerd"])(
	"errors of every entry are of the main entry's class (%s)",
	async (condition) => {
		const args = [`--conditions=${condition}`, "--input-type=module", "--eval", errors];
		const { stdout } = await succeed("node", args, installed.folder);
		expect(JSON.parse(stdout)).toEqual({ memory: true, redis: true, upstash: true });
	},
);

test.each(Object.entries(packageJson.exports))("exports[%j] points to built files", (_, target) => {
	const files = typeof target === "string" ? [target] : Object.values(target);
	for (const file of files) {
		expect(existsSync(join(installed.folder, "node_modules/edge-sse", file)), file).toBe(true);
	}
});

test("an inner module cannot be imported", async () => {
	const code = 'await import("edge-sse/dist/shared/sse.js")';
	const { output } = await run("node", ["--eval", code], installed.folder);
	expect(output).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
});

describe("the tarball", () => {
	test("publint finds nothing", async () => {
		const { buffer, byteOffset, byteLength } = await readFile(installed.tarball);
		const tarball = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
		const { messages } = await publint({ pack: { tarball }, strict: true });
		expect(messages).toEqual([]);
	});

	test("attw finds no wrong types in any entry", async () => {
		const args = [installed.tarball, "--profile", "esm-only", "--no-definitely-typed"];
		const { code, stdout } = await run("attw", [...args, "--format", "json"], installed.folder);
		expect(code, stdout).toBe(0);
		const looked = Object.keys(JSON.parse(stdout).analysis.entrypoints);
		expect(looked.sort()).toEqual(Object.keys(packageJson.exports).sort());
	});
});
