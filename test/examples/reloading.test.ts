import { appendFile, cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { snippet } from "../docs/snippets.ts";
import { type Installed, install, libraries } from "../package/installed.ts";
import { openStream } from "../support/event-stream.ts";
import { call, json } from "../support/hub-client.ts";
import { freePort } from "../support/ports.ts";
import { shell } from "../support/programs.ts";
import { root } from "../support/server.ts";
import { until } from "../support/wait.ts";

/** What docs/troubleshooting.md says about saving a file during development, with tools that reload modules. */

let project: Installed;
beforeAll(async () => {
	project = await install([...libraries, "vite"]);
	const { code } = snippet("docs/troubleshooting.md", "globalThis");
	const before = `import { memory } from "edge-sse/memory";
const connector = memory();`;
	await writeFile(join(project.folder, "events.ts"), `${before}\n${code}\n`);
	for (const [name, text] of Object.entries(programs)) {
		await writeFile(join(project.folder, name), text);
	}
});
afterAll(() => project.remove());

const programs = {
	"handler.ts": `import { events } from "./events.ts";
export async function handle(request) {
	if (request.method === "POST") return Response.json(await events.publish("hello"));
	return events.fetch(request);
}`,
	"vite.js": `import { createServer } from "node:http";
import { createServer as createVite } from "vite";
import { toNodeHandler } from "edge-sse/node";
const vite = await createVite({
	root: import.meta.dirname, configFile: false, appType: "custom", server: { middlewareMode: true, ws: false },
});
const load = process.argv[2] === "runner"
	? (path) => vite.environments.ssr.runner.import(path)
	: (path) => vite.ssrLoadModule(path);
const server = createServer(toNodeHandler(async (request) => (await load("/handler.ts")).handle(request)));
server.listen(0, "127.0.0.1", () => console.log("Listening on http://127.0.0.1:" + server.address().port + "/"));`,
	"bun.ts": `import { handle } from "./handler.ts";
const server = Bun.serve({ port: Number(process.env.PORT ?? 0), hostname: "127.0.0.1", idleTimeout: 0, fetch: handle });
console.log("Listening on " + server.url);`,
};

const tools: Record<string, string> = {
	"Vite's ssrLoadModule": "exec node vite.js load",
	"Vite's module runner": "exec node vite.js runner",
	"bun --hot": "exec bun --hot bun.ts",
};

test.each(Object.entries(tools))(
	"after a save under %s old streams end, and their clients reach the new instance",
	async (_, line) => {
		const program = shell(line, {}, project.folder);
		await program.says("Listening on http://");
		const [, url = ""] = /Listening on (http:\S+)/.exec(program.output) ?? [];
		const old = await openStream(url);
		await old.comment();
		await appendFile(join(project.folder, "events.ts"), "// saved\n");
		// Vite reloads it at the next request, and Bun at once.
		const publish = async () => json<{ receivers: number }>(await call(url, { method: "POST" }));
		await until(() => publish().then(() => old.state !== "open"), {
			what: "the end of the old stream",
		});
		expect(old).toMatchObject({ state: "ended", retries: [expect.any(Number)] });
		const back = await openStream(url);
		await back.comment();
		await until(async () => (await publish()).receivers === 1, {
			what: "a publish that reaches it",
		});
		expect(await back.event()).toMatchObject({ data: "hello" });
		back.close();
	},
);

const example = join(root, "examples/hot-reload");

test.each([
	["Vite", "vite.ts", "exec node vite.ts"],
	["bun --hot", "bun.ts", "exec bun --hot bun.ts"],
])("the example keeps its streams after a save under %s", async (_, file, line) => {
	const folder = join(project.folder, file.replace(".ts", ""));
	// The guide's example has no tsconfig.json.
	const filter = (path: string) => !path.endsWith(".json");
	await cp(example, folder, { recursive: true, filter });
	const program = shell(line, { PORT: String(await freePort()) }, folder);
	await program.says("Listening on http://");
	const [, url = ""] = /Listening on (http:\S+?)\/?\n/.exec(program.output) ?? [];
	const stream = await openStream(`${url}/stream`);
	onTestFinished(() => stream.close());
	await stream.comment();
	const hello = () => call(`${url}/hello`, { method: "POST" });
	expect((await hello()).body).toBe("Message sent!\n");
	expect(await stream.event()).toMatchObject({ data: '{"message":"Hello!"}' });

	// Both modules are run again, and the stream stays open.
	await appendFile(join(folder, "events.ts"), "// saved\n");
	const handler = await readFile(join(folder, "handler.ts"), "utf8");
	await writeFile(join(folder, "handler.ts"), handler.replace("Hello!", "Hello again!"));
	const said = () => stream.events.some(({ data }) => data === '{"message":"Hello again!"}');
	await until(() => hello().then(said), { what: "the new text on the old stream" });
	expect(stream.state).toBe("open");
});
