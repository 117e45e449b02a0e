/**
 * `npm run start:workers`: the hub in workerd, through `wrangler dev`, local and offline. It reads the
 * same variables as the other runtimes' entries, passes them to the Worker, and prints the same lines.
 * Arguments go to wrangler: `-- --persist-to <directory>` for a second hub beside the first.
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
		// A free port for the inspector, because two hubs that start at once would both take wrangler's default.
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
			// Otherwise wrangler asks the network for its location, and waits up to 3 s for an answer.
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

// Not at the end of wrangler's output, because a child process may hold it open after a failure.
wrangler.on("exit", (code) => {
	rmSync(directory, { recursive: true, force: true });
	// wrangler exits with 128 + the signal, which is not a failure after a request to stop.
	process.exit(stopping ? 0 : (code ?? 1));
});

for await (const line of createInterface(wrangler.stdout)) {
	console.log(line);
	const address = /Ready on (http:\/\/\S+)/.exec(line)?.[1];
	if (address !== undefined) console.log(await announcement(address));
}

/** Checks the variables here, because a Worker gets them only with the first request. */
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
	// The hub answers to this name for every address and every list of hosts.
	const health = await new Promise<IncomingMessage>((resolve, reject) => {
		get(`${address}/healthz`, { headers: { host: "localhost" } }, resolve).on("error", reject);
	});
	const { connector, error } = JSON.parse(await text(health));
	return startLines(address, connector ?? `none: ${error}`, publishing);
}

/** Writes the hub's variables that are set here to a file, because every user can see a command line. */
function writeVariables(): string {
	const names = Object.keys(process.env).filter(
		(name) => /^(SSE_|UPSTASH_REDIS_|KV_REST_API_)/.test(name) || name === "REDIS_URL",
	);
	// The Worker cannot see its own address. Whether it is loopback decides which hosts the hub answers to.
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

// The format has escapes for `$` only, so the quotes must be of a kind that is not in the value.
function quoted(value: string): string {
	const quote = ["'", '"', "`"].find((each) => !value.includes(each)) ?? "'";
	return quote + value.replaceAll("$", "\\$") + quote;
}
