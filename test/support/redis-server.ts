import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";
import { type Certificate, selfSigned } from "./certificate.ts";
import { freePort } from "./ports.ts";
import { type Reply, redisCommand } from "./resp.ts";
import { patience, until } from "./wait.ts";

export interface RedisOptions {
	/** The default user's password; `url` carries it. */
	password?: string;
	/** ACL lines without the word `user`: `"alice on >secret ~* &* +@all"`, `"default off"`. */
	users?: readonly string[];
	/** The port speaks TLS only; `true` makes a self-signed certificate. */
	tls?: boolean | { cert: string; key: string };
	/** More arguments, as on the command line: `["--appendonly", "yes"]`. */
	config?: readonly string[];
}

export interface RedisServer {
	readonly url: string;
	readonly host: "127.0.0.1";
	readonly port: number;
	/** The certificate's files and text, where the server speaks TLS. */
	readonly tls: Certificate | undefined;
	/** Ends it gracefully and removes its directory. Idempotent. */
	stop(): Promise<void>;
	/** SIGKILL; `restart()` starts it again. Resolves when the process is gone. */
	kill(): Promise<void>;
	/** Kills it if it still runs, and starts it again on the same port and directory. */
	restart(): Promise<void>;
	/** Freezes it: connections stay open, the kernel still accepts new ones, and no command is answered. */
	pause(): void;
	resume(): void;
	/** Sends one command, with every right, over a connection of its own. */
	command(...args: string[]): Promise<Reply>;
	/** How many clients are subscribed to the channel (sharded ones not counted). */
	numsub(channel: string): Promise<number>;
	/** How many clients are connected, the ones of this object not counted. */
	clients(): Promise<number>;
	/** How many messages were published since the server started, scripts included. */
	publishes(): Promise<number>;
	/**
	 * How often these commands were called since the server started, scripts included. A subcommand is written
	 * as in `INFO commandstats`: `script|load`.
	 */
	calls(...commands: string[]): Promise<number>;
	[Symbol.asyncDispose](): Promise<void>;
}

// This user may do everything, whatever the ACL of a test says, so that the test can look.
const control = "test-control";
const controlPassword = randomBytes(12).toString("hex");
const startTimeout = patience;

const running = new Set<ChildProcess>();
const directories = new Set<string>();
// A test that forgets `stop()`, or dies, must not leave servers behind.
atExit(() => {
	for (const child of running) child.kill("SIGKILL");
	for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** Starts a `redis-server` that only this test uses on a free port, and resolves when it answers. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
	const directory = mkdtempSync(join(tmpdir(), "edge-sse-redis-"));
	directories.add(directory);
	const tls = certificate(options.tls, directory);
	let port = await freePort();
	let child: ChildProcess | undefined;

	const send = (timeout: number, ...args: string[]) =>
		redisCommand({ port, tls: tls !== undefined, timeout }, [
			["AUTH", control, controlPassword],
			args,
		]);
	// Long enough for a machine that is busy starting servers.
	const command = (...args: string[]) => send(20_000, ...args);
	const calls = async (...names: string[]) => {
		const stats = String(await command("INFO", "commandstats"));
		const counts = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
		return counts
			.filter(([, name = ""]) => names.includes(name))
			.reduce((sum, [, , count]) => sum + Number(count), 0);
	};
	const start = async () => {
		writeFileSync(join(directory, "redis.conf"), config(port, directory, options, tls));
		child = await launch(directory, options.config ?? [], (timeout) =>
			send(timeout, "INFO", "server"),
		);
	};
	const kill = async () => {
		if (child !== undefined) await end(child, "SIGKILL");
		child = undefined;
	};
	const stop = async () => {
		if (child !== undefined) await end(child, "SIGTERM");
		child = undefined;
		rmSync(directory, { recursive: true, force: true });
	};
	const signal = (name: "SIGSTOP" | "SIGCONT") => {
		if (child === undefined) throw new Error(`${name}: the Redis of port ${port} does not run.`);
		child.kill(name);
	};

	for (let attempt = 1; ; attempt++) {
		try {
			await start();
			break;
		} catch (error) {
			// Another program took the port between the probe and the start.
			if (error instanceof PortTaken && attempt < 10) {
				port = await freePort();
				continue;
			}
			rmSync(directory, { recursive: true, force: true });
			throw error;
		}
	}
	const login = options.password === undefined ? "" : `:${encodeURIComponent(options.password)}@`;
	return {
		url: `${tls === undefined ? "redis" : "rediss"}://${login}127.0.0.1:${port}`,
		host: "127.0.0.1",
		port,
		tls,
		stop,
		kill,
		restart: async () => {
			await kill();
			await start();
		},
		pause: () => signal("SIGSTOP"),
		resume: () => signal("SIGCONT"),
		command,
		numsub: async (channel) => {
			const reply = await command("PUBSUB", "NUMSUB", channel);
			return Array.isArray(reply) ? Number(reply[1]) : 0;
		},
		clients: async () => {
			const list = String(await command("CLIENT", "LIST"));
			return list.split("\n").filter((line) => line !== "" && !line.includes(`user=${control} `))
				.length;
		},
		publishes: () => calls("publish", "spublish"),
		calls,
		[Symbol.asyncDispose]: stop,
	};
}

class PortTaken extends Error {}

async function launch(
	directory: string,
	extra: readonly string[],
	info: (timeout: number) => Promise<Reply>,
): Promise<ChildProcess> {
	const child = spawn("redis-server", [join(directory, "redis.conf"), ...extra], {
		stdio: ["ignore", "pipe", "pipe"],
	});
	let log = "";
	const listen = (chunk: Buffer) => {
		log = (log + chunk.toString()).slice(-4_000);
	};
	child.stdout?.on("data", listen);
	child.stderr?.on("data", listen);
	let failed: NodeJS.ErrnoException | undefined;
	child.on("error", (error) => {
		failed = error;
		running.delete(child);
	});
	running.add(child);
	child.on("exit", () => running.delete(child));

	const answers = async () => {
		if (failed !== undefined) throw missing(failed);
		if (child.exitCode !== null || child.signalCode !== null) {
			if (/Address already in use/.test(log)) throw new PortTaken(log);
			throw new Error(`redis-server ended at once (${child.exitCode ?? child.signalCode}): ${log}`);
		}
		// Refused until it is up. Another server on the port does not know our user.
		const answer = await info(1_000).catch((error: Error) => error.message);
		return String(answer).includes(`process_id:${child.pid}\r\n`);
	};
	try {
		await until(answers, { timeout: startTimeout, what: "redis-server to answer" });
	} catch (error) {
		if (failed === undefined) await end(child, "SIGKILL");
		throw error;
	}
	return child;
}

function missing(error: NodeJS.ErrnoException): Error {
	return error.code === "ENOENT"
		? new Error("redis-server is missing: install it, e.g. apt-get install -y redis-server")
		: error;
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const gone = once(child, "exit");
	child.kill(signal);
	// A frozen process does not handle SIGTERM before it continues.
	child.kill("SIGCONT");
	const impatience = setTimeout(() => child.kill("SIGKILL"), 3_000);
	await gone;
	clearTimeout(impatience);
}

function certificate(tls: RedisOptions["tls"], directory: string): Certificate | undefined {
	if (tls === undefined || tls === false) return undefined;
	if (tls === true) return selfSigned(directory);
	return { ...tls, pem: readFileSync(tls.cert, "utf8") };
}

function config(
	port: number,
	directory: string,
	{ password, users = [] }: RedisOptions,
	tls: Certificate | undefined,
): string {
	return [
		"bind 127.0.0.1",
		`dir ${directory}`,
		'save ""',
		"daemonize no",
		// A burst of test clients must not find the queue of new connections full.
		"tcp-backlog 511",
		...(tls === undefined
			? [`port ${port}`]
			: [
					"port 0",
					`tls-port ${port}`,
					`tls-cert-file ${tls.cert}`,
					`tls-key-file ${tls.key}`,
					"tls-auth-clients no",
				]),
		...(password === undefined ? [] : [`requirepass ${JSON.stringify(password)}`]),
		`user ${control} on >${controlPassword} ~* &* +@all`,
		...users.map((line) => `user ${line}`),
		"",
	].join("\n");
}
