import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { consumer } from "./consumers.ts";
import { honoApp, serverAndPage, tokens, worker, workersTypes } from "./consumers-hosts.ts";
import { entriesWith } from "./entries.ts";
import { entries, type Installed, install } from "./installed.ts";
import { run } from "./support.ts";

/**
 * A consumer's project, compiled against the packed declarations only. There are no ambient types of Node or of
 * a client library, and our own declarations are checked as well.
 */

let installed: Installed;
let whole: Installed;
beforeAll(async () => {
	// One project without any client library (the types of Hono are part of its adapter). Another with all of
	// them, for entries whose types come from other packages.
	[installed, whole] = await Promise.all([install(["hono"]), install()]);
	await writeFile(join(whole.folder, "workers.d.ts"), workersTypes);
	await writeFile(join(whole.folder, "tokens.ts"), tokens);
	const files = {
		"page.ts": serverAndPage,
		"consumer.ts": consumer,
		"hono.ts": honoApp,
		"worker.ts": worker,
		"workers.d.ts": workersTypes,
	};
	for (const [name, text] of Object.entries(files)) {
		await writeFile(join(installed.folder, name), text);
	}
	return () => Promise.all([installed.remove(), whole.remove()]);
});

const resolutions = [
	{ module: "NodeNext", moduleResolution: "NodeNext" },
	{ module: "ESNext", moduleResolution: "Bundler" },
];
const programs = {
	"a program on any host": ["consumer.ts"],
	"an app of Hono": ["hono.ts"],
	"a server on Node, and a page": ["page.ts"],
	"a Worker with Durable Objects": ["worker.ts", "workers.d.ts"],
};

describe.each(resolutions)("with moduleResolution $moduleResolution", (resolution) => {
	test.each(Object.entries(programs))("%s compiles", async (_, files) => {
		const { code, output } = await compile(installed.folder, resolution, files);
		expect(code, output).toBe(0);
	});

	test("a server with tokens compiles", async () => {
		const { code, output } = await compile(whole.folder, resolution, ["tokens.ts"]);
		expect(code, output).toBe(0);
	});

	// Each by itself, because one entry's types must not help another.
	test.each(entries)("%s compiles by itself", async (entry) => {
		const file = `${entry.replace("/", "-")}.ts`;
		await writeFile(join(whole.folder, file), `export * from "${entry}";\n`);
		// A Worker's project always has Cloudflare's types.
		const host = entriesWith("node", "react").includes(entry) ? [] : ["workers.d.ts"];
		const { code, output } = await compile(whole.folder, resolution, [file, ...host]);
		expect(code, output).toBe(0);
	});
});

async function compile(folder: string, resolution: (typeof resolutions)[number], files: string[]) {
	const compilerOptions = {
		...resolution,
		target: "ES2022",
		lib: ["ES2022", "DOM", "DOM.Iterable"],
		types: [],
		strict: true,
		exactOptionalPropertyTypes: true,
		skipLibCheck: false,
		noEmit: true,
	};
	const config = join(folder, `tsconfig.${resolution.module}.${files[0]}.json`);
	await writeFile(config, JSON.stringify({ compilerOptions, files }));
	return run("tsc", ["-p", config], folder);
}
