import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSettings } from "../../src/server/settings.ts";
import { removeDirectory, storageDirectory, temporaryDirectory } from "./directories.ts";
import { type ServerProcess, startProgram } from "./server.ts";
import { workerBundle } from "./worker-bundle.ts";
import { configuration } from "./workerd-configuration.ts";

export interface WorkerOptions {
	/** The Worker's module, from the root. It is bundled once, so that later edits change nothing. */
	entry: string;
	/** Binding to exported class: `{ SSE: "SseChannel" }`. */
	objects?: Readonly<Record<string, string>>;
	/** Text bindings. */
	env?: Readonly<Record<string, string>>;
	/** Default: as in wrangler.toml. */
	flags?: readonly string[];
	/** More arguments of `workerd serve`. */
	args?: readonly string[];
	/** Whether its module may `import "workerd:unsafe"`, which evicts objects. Default: false. */
	canEvict?: boolean;
	/**
	 * A directory of `storageDirectory()`, where the objects' storage outlives the Worker. Default: it does
	 * not.
	 */
	storage?: string;
	/** The token for publishing, where one was made for this start. */
	token?: string | undefined;
}

export type Worker = ServerProcess;

/**
 * A Worker in workerd itself: no development proxy, and no reload. miniflare 5.20261023.3-beta offers no more.
 * Its `unsafeEvictDurableObject()` is `evict()` of `workerd:unsafe` (observed: the sockets stay, and the object
 * is made again). Its `unsafeGetDurableObjectStorage()` runs SQL, as a class of the test's can. It has neither
 * faults of storage nor a clock. `ctx.abort()` breaks objects, and a Worker shares its clock with its objects.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
	const { entry, args = [], canEvict = false, token } = options;
	const directory = temporaryDirectory();
	copyFileSync(await workerBundle(entry), join(directory, "worker.js"));
	const storage = options.storage ?? storageDirectory();
	const config = join(directory, "config.capnp");
	writeFileSync(config, configuration({ ...options, script: "worker.js", storage }));
	const worker = await startProgram(
		[
			"workerd",
			"serve",
			config,
			"--control-fd=1",
			...(canEvict ? ["--experimental"] : []),
			...args,
		],
		{ announces: /^\{"event":"listen","socket":"http","port":(\d+)\}$/m, token },
	);
	const { kill, stop } = worker;
	const leaveNothing = () => {
		removeDirectory(directory);
		if (options.storage === undefined) removeDirectory(storage);
	};
	return Object.assign(worker, {
		kill: () => kill().finally(leaveNothing),
		stop: (signal?: "SIGTERM" | "SIGINT") => stop(signal).finally(leaveNothing),
	});
}

/** The hub in workerd, with its objects, and the settings of `npm run start:workers`. */
export async function startHubInWorkerd(env: Readonly<Record<string, string>>): Promise<Worker> {
	const { HOST = "127.0.0.1" } = env;
	const { publishing } = readSettings({ ...env, HOST });
	const token = publishing.by === "token" && publishing.isMade ? publishing.token : undefined;
	return startWorker({
		entry: "src/server/worker.ts",
		objects: { SSE: "SseChannel" },
		env: { ...env, HOST, ...(token !== undefined && { SSE_PUBLISH_TOKEN: token }) },
		token,
	});
}
