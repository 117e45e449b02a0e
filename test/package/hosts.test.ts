import { runInNewContext } from "node:vm";
import { build as bundle } from "esbuild";
import { build as buildWithVite } from "vite";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { snippet } from "../docs/snippets.ts";
import { openStream } from "../support/event-stream.ts";
import { call } from "../support/hub-client.ts";
import { shell } from "../support/programs.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";
import { until } from "../support/wait.ts";
import { tryCommand } from "./command-trial.ts";
import { consumer } from "./consumers.ts";
import { serverAndPage, tokens } from "./consumers-hosts.ts";
import { entriesWith, heard, namesOf, smoke } from "./entries.ts";
import { download, downloadTimeout, type Fresh, fresh } from "./fresh.ts";
import { type Host, pin, releases } from "./hosts.ts";
import { succeed } from "./installed.ts";
import { run } from "./support.ts";

/** Installs the tarball in an empty folder and uses it, on every host that docs/support.md names. */

const onServers = entriesWith("node");
const main = `import { check } from "./smoke.js";
console.log(JSON.stringify(await check(JSON.parse(process.env.BROKERS))));`;

let project: Fresh;
let redis: RedisServer;
let gateway: UpstashGateway;
beforeAll(async () => {
	[project, redis] = await Promise.all([fresh(), startRedis()]);
	gateway = await startUpstashGateway({ redis: redis.url });
	await project.write("smoke.js", smoke(onServers));
	await project.write("main.js", main);
	for (const [name, text] of Object.entries(typed)) await project.write(name, text);
});
afterAll(async () => {
	await gateway[Symbol.asyncDispose]();
	await redis.stop();
	await project.remove();
});

const typed = { "consumer.ts": consumer, "page.ts": serverAndPage, "tokens.ts": tokens };
const consumers = Object.keys(typed);

const worker = `
import readme from "./readme.ts";
import { check } from "./smoke-worker.js";
export { SseChannel } from "./readme.ts";
export default {
	async fetch(request) {
		const { pathname } = new URL(request.url);
		if (pathname === "/check") return Response.json(await check(await request.json()));
		if (pathname === "/publish") return Response.json(await readme.publish("hello"));
		return readme.fetch(request);
	},
};
`;

const web = [
	...["AbortController", "AbortSignal", "Blob", "DOMException", "Event", "EventTarget", "Headers"],
	...["ReadableStream", "Request", "Response", "TextDecoder", "TextEncoder", "TransformStream"],
	...["URL", "URLSearchParams", "Uint8Array", "clearInterval", "clearTimeout", "console"],
	...["crypto", "fetch", "performance", "queueMicrotask", "setInterval", "setTimeout"],
];
const rest = () => ({ url: gateway.url, token: gateway.token });
const brokers = () => JSON.stringify({ redis: redis.url, upstash: rest() });
const heardByAll = { memory: heard, redis: heard, upstash: heard };

async function expectToWork(program: string, args: string[], folder = project.folder) {
	const { stdout } = await succeed("env", [`BROKERS=${brokers()}`, program, ...args], folder);
	expect(JSON.parse(stdout)).toEqual({ names: namesOf(onServers), ...heardByAll });
}

const trials: Record<Host, (version: string) => Promise<void>> = {
	Node: async (version) => {
		const node = await program("node", version);
		expect((await succeed(node, ["--version"])).stdout.trim()).toBe(`v${version}`);
		await expectToWork(node, ["main.js"]);
		await tryCommand(`${node} node_modules/.bin/edge-sse`, project.folder);
	},

	Bun: async () => {
		const own = await fresh("bun");
		onTestFinished(own.remove);
		await own.write("smoke.js", smoke(onServers));
		await own.write("main.js", main);
		await expectToWork("bun", ["--no-install", "main.js"], own.folder);
		await tryCommand("bunx --bun --no-install edge-sse", own.folder);
	},

	Deno: async () => {
		const options = ["--no-prompt", "--cached-only", "--node-modules-dir=manual"];
		const rights = ["--allow-net=127.0.0.1", "--allow-env"];
		await expectToWork("deno", ["run", ...options, ...rights, "main.js"]);
		await tryCommand(`deno run -A ${options.join(" ")} npm:edge-sse`, project.folder);
		// Checks with Deno's own types of the web, as an editor does there.
		await succeed("deno", ["check", "--node-modules-dir=manual", ...consumers], project.folder);
	},

	// Every entry, and the README's Worker with its wrangler.toml.
	"Cloudflare Workers, by wrangler": async () => {
		const entries = entriesWith("node", "cloudflare");
		await project.write("smoke-worker.js", smoke(entries));
		await project.write("readme.ts", snippet("README.md", "durableObject(env.SSE) })").code);
		await project.write("wrangler.toml", snippet("README.md", "new_sqlite_classes").code);
		await project.write("worker.ts", worker);
		const dev = "exec wrangler dev --ip 127.0.0.1 --port 0 --inspector-port 0";
		const quiet = "--show-interactive-dev-session=false";
		const env = { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
		const served = shell(`${dev} ${quiet}`, env, project.folder);
		await served.says("Ready on http:");
		const ready = () => /Ready on (http:\S+)\s/.exec(served.output);
		const [, url] = await until(ready, { what: "wrangler's address" });

		const { status, body } = await call(`${url}/check`, { method: "POST", body: brokers() });
		expect(status, body).toBe(200);
		expect(JSON.parse(body)).toEqual({ names: namesOf(entries), ...heardByAll });
		const stream = await openStream(`${url}/stream`);
		await stream.comment();
		expect(JSON.parse((await call(`${url}/publish`)).body)).toEqual({ receivers: 1 });
		expect((await stream.event()).data).toBe("hello");
		stream.close();
	},

	// With everything bundled.
	"Vite, SSR build": async () => {
		await buildWithVite({
			configFile: false,
			root: project.folder,
			logLevel: "error",
			ssr: { noExternal: true },
			build: { ssr: "main.js", outDir: "vite" },
		});
		await expectToWork("node", ["vite/main.js"]);
	},

	// Resolved as Next does for `runtime = "edge"`, and run with only the globals of its sandbox.
	"Next.js' edge conditions, by esbuild": async () => {
		const entries = entriesWith();
		const { outputFiles } = await bundle({
			stdin: { contents: smoke(entries), resolveDir: project.folder },
			bundle: true,
			format: "iife",
			globalName: "bundled",
			platform: "neutral",
			conditions: ["edge-light", "worker", "browser"],
			mainFields: ["browser", "module", "main"],
			write: false,
		});
		const sandbox = Object.fromEntries(web.map((name) => [name, Reflect.get(globalThis, name)]));
		const code = `${outputFiles[0]?.text}; bundled.check({ upstash: ${JSON.stringify(rest())} })`;
		const told: unknown = await runInNewContext(code, sandbox);
		const expected = { names: namesOf(entries), memory: heard, upstash: heard };
		expect(JSON.parse(JSON.stringify(told))).toEqual(expected);
	},

	TypeScript: async (version) => {
		const tsc = await program("typescript", version);
		expect((await succeed(tsc, ["--version"])).stdout.trim()).toBe(`Version ${version}`);
		const compilerOptions = {
			...{ module: "NodeNext", target: "ES2022", lib: ["ES2022", "DOM", "DOM.Iterable"] },
			...{ types: [], strict: true, exactOptionalPropertyTypes: true, noEmit: true },
		};
		const config = JSON.stringify({ compilerOptions, files: consumers });
		const path = await project.write(`tsconfig.${version}.json`, config);
		const { code, output } = await run(tsc, ["-p", path], project.folder);
		expect(code, output).toBe(0);
	},
};

test.each(releases)(
	"on %s %s the installed tarball works",
	{ timeout: downloadTimeout + 30_000 },
	(host, version) => trials[host](version),
);

/** This checkout's own program when it has that version. */
async function program(name: "node" | "typescript", version: string): Promise<string> {
	if (version !== pin(name)) return download(name, version, project.folder);
	return name === "node" ? "node" : "tsc";
}
