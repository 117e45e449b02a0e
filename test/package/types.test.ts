import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { consumer, honoApp, worker, workersTypes } from "./consumers.ts";
import { type Installed, install } from "./installed.ts";
import { run } from "./support.ts";

/**
 * A consumer's project, compiled against the packed declarations with no help from outside: no
 * ambient types of Node or of a client library, and our own declarations checked, too.
 */

let installed: Installed;
beforeAll(async () => {
	// Hono's own types are part of what its adapter says.
	installed = await install(["hono"]);
	const files = {
		"consumer.ts": consumer,
		"hono.ts": honoApp,
		"worker.ts": worker,
		"workers.d.ts": workersTypes,
	};
	for (const [name, text] of Object.entries(files)) {
		await writeFile(join(installed.folder, name), text);
	}
	return installed.remove;
});

const resolutions = [
	{ module: "NodeNext", moduleResolution: "NodeNext" },
	{ module: "ESNext", moduleResolution: "Bundler" },
];
const programs = {
	"a program on any host": ["consumer.ts"],
	"an app of Hono's": ["hono.ts"],
	"a Worker with Durable Objects": ["worker.ts", "workers.d.ts"],
};

describe.each(resolutions)("with moduleResolution $moduleResolution", (resolution) => {
	test.each(Object.entries(programs))("%s compiles", async (_, files) => {
		const compilerOptions = {
			...resolution,
			target: "ES2022",
			lib: ["ES2022", "DOM", "DOM.Iterable"],
			types: [],
			strict: true,
			exactOptionalPropertyTypes: true,
			noUncheckedSideEffectImports: true,
			skipLibCheck: false,
			noEmit: true,
		};
		const config = join(installed.folder, `tsconfig.${resolution.module}.${files[0]}.json`);
		await writeFile(config, JSON.stringify({ compilerOptions, files }));
		const { code, output } = await run("tsc", ["-p", config], installed.folder);
		expect(code, output).toBe(0);
	});
});
