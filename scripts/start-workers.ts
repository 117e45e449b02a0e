/**
 * `npm run start:workers`: the hub in workerd, through `wrangler dev`: local and offline. It reads the
 * same variables as the other runtimes' entries, hands them to the Worker, and prints the same line.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const host = process.env.HOST || "127.0.0.1";
const port = process.env.PORT || "8787";

const wrangler = spawn(
	process.execPath,
	[
		fileURLToPath(new URL("../node_modules/wrangler/bin/wrangler.js", import.meta.url)),
		...["dev", "--local", "--ip", host, "--port", port, "--show-interactive-dev-session=false"],
		...variables().flatMap((variable) => ["--var", variable]),
	],
	{
		cwd: root,
		stdio: ["ignore", "pipe", "inherit"],
		env: { ...process.env, WRANGLER_SEND_METRICS: "false", NO_UPDATE_NOTIFIER: "1" },
	},
);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.on(signal, () => wrangler.kill(signal));
}

for await (const line of createInterface(wrangler.stdout)) {
	console.log(line);
	const address = /Ready on (http:\/\/\S+)/.exec(line)?.[1];
	if (address !== undefined) console.log(await announcement(address));
}
const [code] = wrangler.exitCode === null ? await once(wrangler, "exit") : [wrangler.exitCode];
process.exit(code ?? 0);

async function announcement(address: string): Promise<string> {
	const health = await (await fetch(`${address}/healthz`)).json();
	const { connector, error } = health as { connector?: string; error?: string };
	return `edge-sse: listening on ${address} (broker: ${connector ?? `none: ${error}`})`;
}

/** What the hub reads, as far as it is set here. */
function variables(): string[] {
	const names = Object.keys(process.env).filter(
		(name) => /^(SSE_|UPSTASH_REDIS_|KV_REST_API_)/.test(name) || name === "REDIS_URL",
	);
	return names.map((name) => `${name}:${process.env[name]}`);
}
