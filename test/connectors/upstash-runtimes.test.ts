import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "../support/hub-client.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashGateway } from "../support/upstash-gateway.ts";
import { until } from "../support/wait.ts";
import { startWorker } from "../support/worker.ts";

const bin = (name: string) =>
	fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));
const client = fileURLToPath(new URL("upstash-runtimes/client.ts", import.meta.url));

let server: RedisServer;
beforeAll(async () => {
	server = await startRedis();
});
afterAll(() => server.stop());

/**
 * Faults of runtimes behind a fetch, each of them observed: Deno sends a POST again when a connection of its
 * pool breaks (denoland/deno#35610), and a signal no longer aborts a body that is being read.
 */
test.for([
	["node", ["--expose-gc", client]],
	["bun", [client]],
	["deno", ["run", "--no-prompt", "-A", "--v8-flags=--expose-gc", client]],
] as const)("%s publishes once, and the gateway sees it leave", async ([name, args]) => {
	await using gateway = await startUpstashGateway({ redis: server.url });
	const child = spawn(bin(name), args, {
		stdio: ["ignore", "pipe", "pipe"],
		env: {
			...process.env,
			UPSTASH_REDIS_REST_URL: gateway.url,
			UPSTASH_REDIS_REST_TOKEN: gateway.token,
			STAY: "1",
		},
	});
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.on("data", (chunk: Buffer) => {
			output += chunk.toString();
		});
	}
	const alive = () => {
		if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
	};
	try {
		await until(() => alive() ?? gateway.publishes === 1, {
			what: "the first publish",
		});
		gateway.fault({ to: "command", status: "reset", afterwards: true, times: 1 });
		await server.command("PUBLISH", "go", "now");
		await until(() => alive() ?? output.includes("\n"), { what: "the outcome" });
		expect(JSON.parse(output)).toEqual({ outcome: "unavailable", collected: true });
		expect(gateway.publishes).toBe(2);
		await until(() => alive() ?? gateway.openSubscribes === 0, { what: "the leave" });
	} finally {
		const gone = child.exitCode === null ? once(child, "exit") : undefined;
		child.kill("SIGKILL");
		await gone;
	}
});

const folder = "test/connectors/upstash-runtimes";
const program = fileURLToPath(new URL("upstash-runtimes/polling-main.ts", import.meta.url));
test.for([
	["node", [program]],
	["bun", [program]],
	["deno", ["run", "--no-prompt", "-A", program]],
	["workerd", undefined],
] as const)("%s polls where streams are refused, and ends", async ([name, args]) => {
	await using gateway = await startUpstashGateway({ redis: server.url });
	gateway.fault({ to: "subscribe", status: 400, error: "ERR no SUBSCRIBE" });
	const env = { UPSTASH_URL: gateway.url, UPSTASH_TOKEN: gateway.token, CHANNEL: name };
	const said = async () => {
		if (args !== undefined) {
			const { stdout } = await promisify(execFile)(bin(name), args, {
				env: { ...process.env, ...env },
			});
			return stdout;
		}
		const worker = await startWorker({ entry: `${folder}/polling-worker.ts`, env });
		try {
			return (await call(worker.url)).body;
		} finally {
			await worker.kill();
		}
	};
	const { seen, why } = JSON.parse(await said());
	expect(seen).toEqual([1, 2, 3]);
	expect(why).toContain("SUBSCRIBE");
});
