import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { run } from "../package/support.ts";
import { temporaryDirectory } from "../support/directories.ts";
import { openStream } from "../support/event-stream.ts";
import { call } from "../support/hub-client.ts";
import { type Server, startProgram } from "../support/server.ts";
import { until } from "../support/wait.ts";
import { command } from "./readme.ts";
import { useUpstash } from "./upstash.ts";
import { works } from "./works.ts";

/**
 * Examples for hosts that cannot run here. They are built with their README's command, and a stand-in for the
 * host runs the result, with Upstash behind it.
 */

const upstash = useUpstash();

/** Builds as the README says, but into a folder of the test. Returns that folder. */
async function build(name: string): Promise<string> {
	const folder = temporaryDirectory();
	const words = command(name).flatMap((word) => {
		const [, option, file] = /^(--out(?:dir|file)=)artifacts\/[^/]+(.*)$/.exec(word) ?? [];
		if (option !== undefined) return [`${option}${folder}${file}`];
		return word.includes("*") ? ["hello", "stream"].map((each) => word.replace("*", each)) : [word];
	});
	const [program = "", ...args] = words;
	const { code, output } = await run(program, args);
	expect(code, output).toBe(0);
	return folder;
}

async function serve(...words: string[]): Promise<Server> {
	const server = await startProgram(words, {
		announces: /^Listening on (http:\S+)/m,
		env: upstash.env,
	});
	onTestFinished(() => server.kill());
	return server;
}

test("AWS Lambda: the bundle streams, and replays missed messages", async (t) => {
	const bundle = join(await build("aws-lambda"), "handler.mjs");
	const server = await serve("node", "test/examples/hosts/lambda.ts", bundle, "60000");
	await works(t, { stream: `${server.url}/stream`, hello: `${server.url}/hello` }, true);
	expect((await call(`${server.url}/nothing`)).status).toBe(404);
});

test("AWS Lambda: a stream ends cleanly before the function's time limit", async () => {
	const bundle = join(await build("aws-lambda"), "handler.mjs");
	const server = await serve("node", "test/examples/hosts/lambda.ts", bundle, "3000");
	const stream = await openStream(`${server.url}/stream`);
	await stream.comment();
	expect(upstash.gateway.streams.size).toBeGreaterThan(0);
	await stream.end();
	expect(stream.state).toBe("ended");
	expect(stream.retries).toHaveLength(1);
	expect(server.output).not.toContain("failed");
	// The host may freeze the process from now on, so everything must be closed.
	const soon = { timeout: 1_500, what: "the end of the subscription, which does not linger" };
	await until(() => upstash.gateway.streams.size === 0, soon);
});

test("Vercel: the functions are bundled without anything of Node, and stream", async (t) => {
	const folder = await build("vercel");
	const files = { "/api/stream": "stream.js", "/api/hello": "hello.js" };
	for (const file of Object.values(files)) {
		const code = readFileSync(join(folder, file), "utf8");
		expect(code).not.toMatch(/^import |\bimport\(|\brequire\(/m);
		expect(code).toMatch(/runtime: "edge"/);
	}
	const routes = Object.entries(files).map(([path, file]) => `${path}=${join(folder, file)}`);
	const server = await serve("node", "test/examples/hosts/functions.ts", ...routes);
	await works(t, { stream: `${server.url}/api/stream`, hello: `${server.url}/api/hello` }, true);
});

test("Netlify: the edge function is bundled without a TCP client, and streams on Deno", async (t) => {
	const file = join(await build("netlify"), "events.js");
	expect(readFileSync(file, "utf8")).not.toMatch(/^import |\bimport\(|\brequire\(/m);
	const allowed = ["--no-prompt", "--allow-net", "--allow-env", "--allow-read"];
	const routes = ["/stream", "/hello"].map((path) => `${path}=${file}`);
	const program = ["run", ...allowed, "test/examples/hosts/functions.ts", ...routes];
	const server = await serve("deno", ...program);
	await works(t, { stream: `${server.url}/stream`, hello: `${server.url}/hello` }, false);
});
