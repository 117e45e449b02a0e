/**
 * Builds the command with esbuild: one file with the hub, its router, its metrics and all of our own modules. The
 * package's dependencies are not in it.
 */
import { globSync, readFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { dist, root, src } from "./paths.ts";

/** The command's file in dist. The licences of the parts that others wrote are beside it. */
export const commandFile = "cli.js";
const licencesFile = "cli.licenses.txt";

/**
 * Leaves out the tracing library that prom-client asks for the span of a metric's example. The hub has no such examples,
 * and the library would be 55 kB of the file and a licence.
 */
const withoutTracing: Plugin = {
	name: "without tracing",
	setup({ onResolve, onLoad }) {
		const namespace = "without-tracing";
		onResolve({ filter: /^@opentelemetry\/api$/ }, ({ path }) => ({ path, namespace }));
		onLoad({ filter: /./, namespace }, () => ({ contents: "module.exports = {};" }));
	},
};

export async function writeCommand(): Promise<void> {
	const text = readFileSync(join(root, "package.json"), "utf8");
	const { version, dependencies }: { version: string; dependencies: object } = JSON.parse(text);
	const { metafile } = await build({
		absWorkingDir: root,
		entryPoints: [join(src, "cli/main.ts")],
		outfile: join(dist, commandFile),
		bundle: true,
		format: "esm",
		platform: "node",
		external: Object.keys(dependencies),
		// The target of tsconfig.json: what Node 20 supports.
		target: "es2023",
		charset: "utf8",
		legalComments: "none",
		// This saves a third of the size. Names stay, so that the stack of an error can be read.
		...{ minifyWhitespace: true, minifySyntax: true },
		define: { EDGE_SSE_VERSION: JSON.stringify(version) },
		// prom-client is CommonJS, and loads Node's modules with `require`.
		banner: {
			js: [
				"#!/usr/bin/env node",
				'import { createRequire } from "node:module";',
				"const require = createRequire(import.meta.url);",
			].join("\n"),
		},
		plugins: [withoutTracing],
		metafile: true,
	});
	await chmod(join(dist, commandFile), 0o755);
	await writeFile(join(dist, licencesFile), licences(metafile));
}

/** The text of all licences. They require that each is distributed with its code. */
function licences({ inputs }: Metafile): string {
	const folders = Object.keys(inputs).flatMap(
		(path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [],
	);
	const parts = [...new Set(folders)].sort().map((folder) => {
		const { name, version, license } = JSON.parse(
			readFileSync(join(root, folder, "package.json"), "utf8"),
		);
		const [file] = globSync("{LICENSE,LICENCE,license}*", { cwd: join(root, folder) });
		const text =
			file === undefined
				? `No text comes with it. It is under ${license}.`
				: readFileSync(join(root, folder, file), "utf8").trim();
		return `${name} ${version}\n\n${text}\n`;
	});
	const head = `Parts of ${commandFile} are other people's work:\n`;
	return [head, ...parts].join(`\n${"-".repeat(72)}\n\n`);
}
