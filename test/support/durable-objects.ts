import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { atExit } from "./at-exit.ts";
import { patience, within } from "./wait.ts";
import { configuration } from "./workerd-configuration.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const binary = join(root, "node_modules", ".bin", "workerd");

export interface WorkerOptions {
	/** The Worker's module, from the root. It is bundled once, so that later edits change nothing. */
	entry: string;
	/** Binding to exported class: `{ SSE: "SseChannel" }`. */
	objects: Readonly<Record<string, string>>;
	/** Text bindings. */
	env?: Readonly<Record<string, string>>;
	/** Default: as in wrangler.toml. */
	flags?: readonly string[];
	/** More arguments of `workerd serve`. */
	args?: readonly string[];
	/** Whether its module may `import "workerd:unsafe"`, which takes objects out of memory. Default: false. */
	canEvict?: boolean;
	/** A directory of `storageDirectory()`, where the objects' storage outlives the Worker. Default: it does not. */
	storage?: string;
}

export interface Worker {
	readonly url: string;
	readonly pid: number;
	/** What it has printed so far, both streams. */
	readonly output: string;
	kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
const directories = new Set<string>();
// A test that dies must not leave a server behind.
atExit(() => {
	for (const child of running) child.kill("SIGKILL");
	for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A Worker with Durable Objects in workerd itself: no development proxy, and no reload. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
	const directory = mkdtempSync(join(tmpdir(), "edge-sse-objects-"));
	directories.add(directory);
	copyFileSync(await bundled(options.entry), join(directory, "worker.js"));
	const storage = options.storage ?? storageDirectory();
	writeFileSync(
		join(directory, "config.capnp"),
		configuration({ ...options, script: "worker.js", storage }),
	);
	const child = spawn(
		binary,
		[
			...["serve", join(directory, "config.capnp"), "--control-fd=1"],
			...(options.canEvict ? ["--experimental"] : []),
			...(options.args ?? []),
		],
		{ stdio: ["ignore", "pipe", "pipe"] },
	);
	running.add(child);
	const closed = once(child, "close").finally(() => running.delete(child));
	const kill = async () => {
		child.kill("SIGKILL");
		await within(closed, patience, "the end of workerd");
		rmSync(directory, { recursive: true, force: true });
		if (options.storage === undefined) rmSync(storage, { recursive: true, force: true });
	};
	let output = "";
	const listening = new Promise<string>((resolve, reject) => {
		const record = (chunk: Buffer) => {
			output = (output + chunk.toString()).slice(-100_000);
			const port = /"event":"listen","socket":"http","port":(\d+)/.exec(output)?.[1];
			if (port !== undefined) resolve(port);
		};
		child.stdout.on("data", record);
		child.stderr.on("data", record);
		child.once("error", reject);
		child.once("close", () => reject(new Error("workerd ended at once.")));
	});
	try {
		const port = await within(listening, patience, "the start of workerd");
		return {
			url: `http://127.0.0.1:${port}`,
			pid: child.pid ?? 0,
			get output() {
				return output;
			},
			kill,
		};
	} catch (error) {
		if (running.has(child)) await kill();
		throw new Error(`workerd did not start ${options.entry}. It printed: ${output}`, {
			cause: error,
		});
	}
}

/**
 * A directory for objects' storage, which goes with this process. In memory where the system offers that: it
 * outlives workerd as a disk does, and tests that run side by side do not wait for each other's disk.
 */
export function storageDirectory(): string {
	const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
	const directory = mkdtempSync(join(parent, "edge-sse-storage-"));
	directories.add(directory);
	return directory;
}

const bundles = new Map<string, Promise<string>>();

/** The bundle's file, made once however often the Worker is started. */
function bundled(entry: string): Promise<string> {
	let found = bundles.get(entry);
	if (found === undefined) {
		const directory = mkdtempSync(join(tmpdir(), "edge-sse-bundle-"));
		directories.add(directory);
		const file = join(directory, "worker.js");
		found = bundle(entry, file).then(() => file);
		bundles.set(entry, found);
	}
	return found;
}

/** As wrangler bundles: the same conditions, and the host's own modules left to the host. */
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
