/**
 * `npm run start:workers`: the hub in workerd, through `wrangler dev`: local and offline. It reads the
 * same variables as the other runtimes' entries, hands them to the Worker, and prints the same lines.
 * Arguments are handed on to wrangler: `-- --persist-to <directory>` for a second hub beside the first.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { redis } from "../src/connectors/redis.ts";
import { connectorFromEnvironment, historyFromEnvironment } from "../src/environment.ts";
import { startLines } from "../src/server/announce.ts";
import { readAuth } from "../src/server/auth.ts";
import { nearMisses } from "../src/server/near-misses.ts";
import { exitWith } from "../src/server/process.ts";
import { readSettings, type Settings } from "../src/server/settings.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const { host, port, publishing } = settings();
const directory = mkdtempSync(join(tmpdir(), "edge-sse-"));

const wrangler = spawn(
	process.execPath,
	[
		fileURLToPath(new URL("../node_modules/wrangler/bin/wrangler.js", import.meta.url)),
		...[
			"dev",
			"--local",
			"--ip",
			host,
			"--port",
			String(port),
			"--show-interactive-dev-session=false",
		],
		// Any port for the inspector: two hubs that start at once would both take wrangler's default.
		...["--inspector-port", "0"],
		...["--env-file", writeVariables()],
		...process.argv.slice(2),
	],
	{
		cwd: root,
		stdio: ["ignore", "pipe", "inherit"],
		env: {
			...process.env,
			WRANGLER_SEND_METRICS: "false",
			NO_UPDATE_NOTIFIER: "1",
			// Else it asks the network where it is, and waits up to 3 s for an answer.
			CLOUDFLARE_CF_FETCH_ENABLED: "false",
		},
	},
);

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.on(signal, () => {
		stopping = true;
		wrangler.kill(signal);
	});
}

// Not at the end of its output, which a process of its own may hold open when it fails.
wrangler.on("exit", (code) => {
	rmSync(directory, { recursive: true, force: true });
	// It exits with 128 + the signal, which is no failure when it was asked to stop.
	process.exit(stopping ? 0 : (code ?? 1));
});

for await (const line of createInterface(wrangler.stdout)) {
	console.log(line);
	const address = /Ready on (http:\/\/\S+)/.exec(line)?.[1];
	if (address !== undefined) console.log(await announcement(address));
}

/** Checked here, for a Worker hears of its variables only with the first request. */
function settings(): Settings {
	try {
		const settings = readSettings(process.env);
		readAuth(process.env);
		historyFromEnvironment();
		connectorFromEnvironment(redis);
		for (const problem of nearMisses(process.env)) console.error(`edge-sse: ${problem}`);
		return settings;
	} catch (error) {
		return exitWith(error);
	}
}

async function announcement(address: string): Promise<string> {
	// Whatever it listens on, and whatever its hosts are, it answers to this name.
	const health = await new Promise<IncomingMessage>((resolve, reject) => {
		get(`${address}/healthz`, { headers: { host: "localhost" } }, resolve).on("error", reject);
	});
	const { connector, error } = JSON.parse(await text(health));
	return startLines(address, connector ?? `none: ${error}`, publishing);
}

/** What the hub reads, as far as it is set here, in a file: a command line is for every user to see. */
function writeVariables(): string {
	const names = Object.keys(process.env).filter(
		(name) => /^(SSE_|UPSTASH_REDIS_|KV_REST_API_)/.test(name) || name === "REDIS_URL",
	);
	// The Worker cannot see its own address, and whether that is loopback decides which hosts it answers to.
	const variables = {
		HOST: host,
		...Object.fromEntries(names.map((name) => [name, process.env[name]])),
		...(publishing.by === "token" && publishing.isMade && { SSE_PUBLISH_TOKEN: publishing.token }),
	};
	const lines = Object.entries(variables).map(
		([name, value]) => `${name}=${quoted(String(value))}\n`,
	);
	const file = join(directory, "variables");
	writeFileSync(file, lines.join(""), { mode: 0o600 });
	return file;
}

// The format has no escapes but for `$`: the quotes are those that the value does not have.
function quoted(value: string): string {
	const quote = ["'", '"', "`"].find((each) => !value.includes(each)) ?? "'";
	return quote + value.replaceAll("$", "\\$") + quote;
}
