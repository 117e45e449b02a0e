/**
 * Builds the JavaScript with esbuild: a file for each entry, and `shared/` for modules of several entries. So a class is
 * the same one whichever entry it is imported from. Finding and reading many small files takes most of the time of an
 * import: the 78 modules of `edge-sse` took 36 ms as 78 files, and take 10 ms as five.
 */
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { dist, entries, root, src } from "./paths.ts";

/**
 * Small modules that several entries need. esbuild makes a file for each set of entries that share a module, so each of
 * these would be a file. When all entries import all of them, they become one file.
 */
const common = [
	"core/errors.ts",
	"core/known-names.ts",
	"core/limits.ts",
	"core/member-list.ts",
	"core/request-mark.ts",
	"core/scheduling.ts",
	"core/message/position.ts",
	"core/message/text.ts",
	"core/request/request.ts",
	"core/request/response.ts",
	"core/sinks/node-response.ts",
	"core/sinks/node-sink.ts",
	"core/sinks/pipeline.ts",
	"connectors/upstash/credentials.ts",
	"connectors/shared/backoff.ts",
	"connectors/shared/body-reader.ts",
	"connectors/shared/error-text.ts",
	"connectors/shared/handlers.ts",
	"connectors/shared/http-failure.ts",
	"connectors/shared/listener.ts",
	"connectors/shared/outcome.ts",
	"connectors/shared/redis-history.ts",
	"connectors/shared/redis-runs.ts",
	"connectors/shared/redis-script.ts",
	"connectors/shared/redis-store.ts",
	"connectors/shared/publish-queue.ts",
	"connectors/shared/scope.ts",
	"connectors/shared/timeout.ts",
	"connectors/shared/under-way.ts",
	"connectors/shared/well-formed.ts",
];

/** Further modules that an entry imports for the same reason. */
const alongWith: Record<string, readonly string[]> = {
	"durable-object.ts": [...common, "exports.ts"],
	"connectors/upstash.ts": [...common, "environment.ts"],
	"runs.ts": [...common, "exports.ts"],
	"presence.ts": [...common, "exports.ts"],
	"relay.ts": [...common, "exports.ts"],
	// These share nothing, and are one file each.
	"adapters/hono.ts": [],
	"client.ts": [],
	"react.ts": [],
};

/** Makes an entry import modules that it does not use. Nothing of them is in its own file. */
const takeAlong: Plugin = {
	name: "take along",
	setup({ onLoad }) {
		const all = entries();
		onLoad({ filter: /\.ts$/ }, ({ path }) => {
			const entry = relative(src, path);
			if (!all.includes(entry)) return undefined;
			const along = (alongWith[entry] ?? common).map((each) => `import "${join(src, each)}";`);
			return { contents: [readFileSync(path, "utf8"), ...along].join("\n"), loader: "ts" };
		});
	},
};

export async function writeJavaScript(): Promise<void> {
	const { metafile, outputFiles } = await build({
		absWorkingDir: root,
		entryPoints: entries().map((entry) => join(src, entry)),
		outbase: src,
		outdir: dist,
		bundle: true,
		splitting: true,
		chunkNames: "shared/chunk-[hash]",
		format: "esm",
		platform: "neutral",
		packages: "external",
		// The target of tsconfig.json: what Node 20 supports.
		target: "es2023",
		charset: "utf8",
		// The unused imports are intended.
		logOverride: { "ignored-bare-import": "silent" },
		plugins: [takeAlong],
		metafile: true,
		write: false,
	});
	const names = chunkNames(metafile);
	const named = (text: string) =>
		text.replace(/\bchunk-\w+(?=\.js\b)/g, (chunk) => names.get(chunk) ?? chunk);
	for (const { path, text } of outputFiles) {
		await mkdir(dirname(path), { recursive: true });
		await writeFile(named(path), named(text));
	}
}

/** Names for the files in `shared/`. Unlike a hash they say what is in the file, and do not change with it. */
function chunkNames({ outputs }: Metafile): Map<string, string> {
	const names = new Map<string, string>();
	for (const [path, { entryPoint, inputs }] of Object.entries(outputs)) {
		if (!basename(path).startsWith("chunk-")) continue;
		// A module that is loaded only when it is needed has an entry of its own.
		if (entryPoint !== undefined) {
			names.set(basename(path, ".js"), basename(entryPoint, ".ts"));
			continue;
		}
		const sources = Object.keys(inputs).filter((input) => inputs[input]?.bytesInOutput !== 0);
		// Dependencies come first, so the last source is the main one.
		const name = sources.includes("src/core/errors.ts")
			? "common"
			: basename(sources.at(-1) ?? "", ".ts");
		if ([...names.values()].includes(name)) throw new Error(`two files would be shared/${name}.js`);
		names.set(basename(path, ".js"), name);
	}
	return names;
}
