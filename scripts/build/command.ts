/**
 * The command, by esbuild: one file that has the hub with its router, its metrics and all of our own modules in it. What
 * the package depends on anyway stays outside.
 */
import { globSync, readFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { dist, root, src } from "./paths.ts";

/** The file in dist, and beside it the licences of what others wrote of it. */
export const commandFile = "cli.js";
const licencesFile = "cli.licenses.txt";

/**
 * prom-client asks it for the span that goes along with a metric as an example. The hub has no such examples, and 55 kB
 * of it would be in the file and in its licences.
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
		// As tsconfig.json's: what Node 20 has.
		target: "es2023",
		charset: "utf8",
		legalComments: "none",
		// Two thirds of the size. Names stay, and with them what the stack of an error says.
		...{ minifyWhitespace: true, minifySyntax: true },
		define: { EDGE_SSE_VERSION: JSON.stringify(version) },
		// prom-client is CommonJS, and asks for Node's modules as that does.
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

/** The licences ask for it: each goes along with what it is of. */
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
