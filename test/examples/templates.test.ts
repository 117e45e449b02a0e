import { cpSync, existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Installed, install, libraries, packageJson } from "../package/installed.ts";
import { run } from "../package/support.ts";
import { openStream } from "../support/event-stream.ts";
import { call } from "../support/hub-client.ts";
import { freePort } from "../support/ports.ts";
import { root, startProgram } from "../support/server.ts";
import { wranglerDev } from "./wrangler.ts";

/** The templates, copied beside the packed package and started by their own script. */

const templates = join(root, "templates");
const names = readdirSync(templates).sort();
const manifest = (name: string) =>
	JSON.parse(readFileSync(join(templates, name, "package.json"), "utf8"));
const ours = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

let installed: Installed;
beforeAll(async () => {
	installed = await install([...libraries, "@hono/node-server", "@types/node", "wrangler"]);
});
afterAll(() => installed?.remove());

function copied(name: string): string {
	const folder = join(installed.folder, name);
	cpSync(join(templates, name), folder, { recursive: true });
	return folder;
}

interface Paths {
	stream: string;
	say: string;
}
const paths: Record<string, Paths> = {
	browser: { stream: "/stream", say: "/say" },
	hono: { stream: "/rooms/7", say: "/rooms/7" },
	cloudflare: { stream: "/rooms/7", say: "/rooms/7" },
};

test("every template is tested here", () => {
	expect(names).toEqual(Object.keys(paths).sort());
});

test.each(Object.entries(paths))(
	"%s streams what is posted to it",
	async (name, { stream, say }) => {
		const folder = copied(name);
		const words: string[] = manifest(name).scripts.start.split(" ");
		const server =
			words[0] === "wrangler"
				? await wranglerDev([...words, "--config", join(folder, "wrangler.toml")], {})
				: await startProgram(words, {
						announces: /Listening on (http:\S+)/,
						env: { PORT: String(await freePort()) },
						cwd: folder,
					});
		onTestFinished(() => server.kill());
		const opened = await openStream(`${server.url}${stream}`);
		onTestFinished(() => opened.close());
		expect(opened.status).toBe(200);
		await opened.comment();
		const answer = await call(`${server.url}${say}`, { method: "POST", body: "Hello!" });
		expect(answer.status).toBe(204);
		expect(await opened.event()).toMatchObject({ event: "said", data: '{"text":"Hello!"}' });
		expect((await call(`${server.url}/nowhere`)).status).toBe(404);
	},
);

test("hono compiles", async () => {
	const options = [
		"--noEmit",
		"--strict",
		"--module",
		"nodenext",
		"--types",
		"node",
		"--lib",
		"ES2024,DOM",
	];
	const { code, output } = await run("tsc", [...options, "server.ts"], copied("hono"));
	expect(code, output).toBe(0);
});

test.each(names)("%s depends on the versions that are tested here", (name) => {
	const { dependencies, devDependencies = {} } = manifest(name);
	const tested = { ...ours.devDependencies, "edge-sse": packageJson.version };
	for (const [dependency, range] of Object.entries({ ...dependencies, ...devDependencies })) {
		expect(`${dependency} ${range}`).toBe(`${dependency} ^${tested[dependency]}`);
	}
	expect(existsSync(join(templates, name, "README.md"))).toBe(true);
});

test("the browser template installs nothing with a binary or an install script", () => {
	expect(Object.keys(manifest("browser").dependencies)).toEqual(["edge-sse"]);
	const needed = new Set(Object.keys(packageJson.dependencies ?? {}));
	for (const name of needed) {
		const path = join(root, "node_modules", name, "package.json");
		const { scripts = {}, dependencies = {} } = JSON.parse(readFileSync(path, "utf8"));
		expect(Object.keys(scripts).filter((script) => /^(pre|post)?install$/.test(script))).toEqual(
			[],
		);
		expect(globSync("**/*.{node,wasm}", { cwd: dirname(path) })).toEqual([]);
		for (const dependency of Object.keys(dependencies)) needed.add(dependency);
	}
	const server = readFileSync(join(templates, "browser/server.js"), "utf8");
	expect([...server.matchAll(/from "([^"]+)"/g)].map(([, from]) => from)).not.toContain(
		"edge-sse/redis",
	);
});
