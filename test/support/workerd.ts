import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { atExit } from "./at-exit.ts";

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

/** The command line that serves a Worker in workerd, on a port that the system chooses. */
export async function workerd(entry: string, env: Record<string, string>): Promise<string[]> {
	let bundle = bundles.get(entry);
	if (bundle === undefined) {
		bundle = bundled(entry);
		bundles.set(entry, bundle);
	}
	const directory = await bundle;
	const config = join(directory, `config-${++configurations}.capnp`);
	writeFileSync(config, configuration(`${basename(entry, ".ts")}.js`, env));
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

function configuration(script: string, env: Record<string, string>): string {
	const { date, flags } = compatibility();
	const text = JSON.stringify; // Cap'n Proto's text literals are C's, and so are JSON's
	const bindings = Object.entries(env).map(
		([name, value]) => `(name = ${text(name)}, text = ${text(value)})`,
	);
	return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
	services = [
		(name = "main", worker = (
			modules = [(name = ${text(script)}, esModule = embed ${text(script)})],
			compatibilityDate = ${text(date)},
			compatibilityFlags = ${text(flags)},
			bindings = [${bindings.join(", ")}],
			globalOutbound = "loopback",
		)),
		(name = "loopback", network = (allow = ["private"])),
	],
	sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}

/** The same date and flags as in wrangler.toml: a Worker behaves as they say. */
function compatibility(): { date: string; flags: string[] } {
	const toml = readFileSync(join(root, "wrangler.toml"), "utf8");
	const date = /^compatibility_date = (".+")$/m.exec(toml)?.[1];
	const flags = /^compatibility_flags = (\[.*\])$/m.exec(toml)?.[1];
	if (date === undefined || flags === undefined) {
		throw new Error("wrangler.toml: compatibility_date and compatibility_flags were not found.");
	}
	return { date: JSON.parse(date), flags: JSON.parse(flags) };
}
