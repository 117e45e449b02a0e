import { builtinModules } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { temporaryDirectory } from "./directories.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bundles = new Map<string, Promise<string>>();

/**
 * The file of a Worker's bundle, made once for all starts of the Worker. esbuild makes it: wrangler's own
 * bundle, which `npm run start:workers` and the examples use, takes seconds of processor time for each entry.
 */
export function workerBundle(entry: string): Promise<string> {
	let found = bundles.get(entry);
	if (found === undefined) {
		const file = join(temporaryDirectory(), "worker.js");
		found = bundle(entry, file).then(() => file);
		bundles.set(entry, found);
	}
	return found;
}

/** As wrangler bundles: the same conditions, and the host's own modules stay external. */
async function bundle(entry: string, outfile: string): Promise<void> {
	await build({
		absWorkingDir: root,
		entryPoints: [entry],
		outfile,
		bundle: true,
		format: "esm",
		target: "es2024",
		platform: "neutral",
		conditions: ["workerd", "worker", "browser"],
		mainFields: ["browser", "module", "main"],
		external: ["node:*", "cloudflare:*", "workerd:*", ...builtinModules],
		plugins: [requiredBuiltins],
		logLevel: "silent",
	});
}

/** CommonJS asks for node's modules with `require`, which a Worker's module does not have. */
const requiredBuiltins: Plugin = {
	name: "required-builtins",
	setup({ onResolve, onLoad }) {
		const filter = new RegExp(`^(node:)?(${builtinModules.join("|")})$`);
		onResolve({ filter }, ({ kind, path }) =>
			kind === "require-call" ? { path, namespace: "required" } : undefined,
		);
		onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => ({
			contents: `import library from ${JSON.stringify(path)}; module.exports = library;`,
		}));
	},
};
