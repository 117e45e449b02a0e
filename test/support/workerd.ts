import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { atExit } from "./at-exit.ts";
import { storageDirectory } from "./durable-objects.ts";
import { compatibility, configuration } from "./workerd-configuration.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const directories = new Set<string>();
atExit(() => {
	for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A directory that goes with this process. */
export function temporaryDirectory(): string {
	const directory = mkdtempSync(join(tmpdir(), "edge-sse-worker-"));
	directories.add(directory);
	return directory;
}

const bundles = new Map<string, Promise<string>>();
let configurations = 0;

/**
 * The command line that serves a Worker in workerd, on a port that the system chooses.
 *
 * @param objects binding to exported class, of Durable Objects whose storage goes with this process.
 */
export async function workerd(
	entry: string,
	env: Record<string, string>,
	objects: Record<string, string> = {},
): Promise<string[]> {
	let bundle = bundles.get(entry);
	if (bundle === undefined) {
		bundle = bundled(entry);
		bundles.set(entry, bundle);
	}
	const directory = await bundle;
	const config = join(directory, `config-${++configurations}.capnp`);
	const script = `${basename(entry, ".ts")}.js`;
	writeFileSync(config, configuration({ script, env, objects, storage: storageDirectory() }));
	return ["workerd", "serve", config, "--control-fd=1"];
}

/**
 * The entry as wrangler would upload it; the directory that holds it. It gets a wrangler configuration
 * of its own: the hub's asks every entry for the hub's Durable Object.
 */
async function bundled(entry: string): Promise<string> {
	const directory = temporaryDirectory();
	const { date, flags } = compatibility();
	const config = join(directory, "wrangler.json");
	writeFileSync(
		config,
		JSON.stringify({
			name: "under-test",
			main: join(root, entry),
			compatibility_date: date,
			compatibility_flags: flags,
		}),
	);
	await promisify(execFile)(
		join(root, "node_modules", ".bin", "node"),
		[
			join(root, "node_modules", "wrangler", "bin", "wrangler.js"),
			...["deploy", "--config", config, "--dry-run", "--outdir", directory],
		],
		{ cwd: root, env: { ...process.env, WRANGLER_SEND_METRICS: "false" } },
	);
	return directory;
}
