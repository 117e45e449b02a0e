import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { postgresDirectory } from "../../scripts/tools.ts";
import { run } from "../package/support.ts";
import { atExit } from "./at-exit.ts";
import { temporaryDirectory } from "./directories.ts";
import { freePort } from "./ports.ts";
import { until, within } from "./wait.ts";

export interface PostgresServer {
	/** For clients that take `postgres://…`. */
	readonly url: string;
	/** Runs statements, and resolves to what psql prints of them. */
	sql(statements: string): Promise<string>;
	/** Ends every connection but psql's own, as an administrator may. */
	dropConnections(): Promise<void>;
	stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
// Without the postmaster its processes end by themselves.
atExit(() => {
	for (const child of running) child.kill("SIGKILL");
});

/** Starts a PostgreSQL that only this test uses. It listens on loopback and trusts every client. */
export async function startPostgres(): Promise<PostgresServer> {
	const bin = postgresDirectory();
	const folder = temporaryDirectory();
	const data = join(folder, "data");
	const owner = postgresOwner();
	mkdirSync(data, { mode: 0o700 });
	if (owner !== undefined) {
		for (const path of [folder, data]) chownSync(path, owner.uid, owner.gid);
	}
	const options = { ...owner, cwd: folder, stdio: ["ignore", "pipe", "pipe"] as const };
	const initdb = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"];
	execFileSync(join(bin, "initdb"), [...initdb, "--locale=C"], { ...options, stdio: "pipe" });

	const port = await freePort();
	const settings = {
		listen_addresses: "127.0.0.1",
		port,
		fsync: "off",
		unix_socket_directories: "",
	};
	const words = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
	const child = spawn(join(bin, "postgres"), ["-D", data, ...words], {
		...options,
		stdio: "ignore",
	});
	running.add(child);
	const closed = once(child, "close").finally(() => running.delete(child));
	const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
	const psql = (statements: string) =>
		run(join(bin, "psql"), ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statements]);
	const stop = async () => {
		child.kill("SIGQUIT"); // at once: its data is not read again
		await within(closed, 40_000, "the end of PostgreSQL");
	};
	try {
		await until(
			async () => {
				if (!running.has(child)) throw new Error(`PostgreSQL ended with ${child.exitCode}.`);
				return (await psql("SELECT 1")).code === 0;
			},
			{ what: "PostgreSQL's first answer" },
		);
	} catch (error) {
		await stop();
		throw error;
	}
	const sql = async (statements: string) => {
		const { code, output } = await psql(statements);
		if (code !== 0) throw new Error(`${statements}: ${output}`);
		return output.trim();
	};
	return {
		url,
		sql,
		dropConnections: async () => {
			const others = "pid <> pg_backend_pid() AND backend_type = 'client backend'";
			await sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${others}`);
		},
		stop,
	};
}

/** PostgreSQL does not run as root; Debian's package creates a user for it. */
function postgresOwner(): { uid: number; gid: number } | undefined {
	if (process.getuid?.() !== 0) return undefined;
	const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
	return { uid: id("-u"), gid: id("-g") };
}
