import { execFile } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { type Installed, install, succeed } from "../package/installed.ts";
import { run } from "../package/support.ts";
import { temporaryDirectory } from "../support/directories.ts";
import { freePort } from "../support/ports.ts";
import { root, type Server, startProgram } from "../support/server.ts";
import { command, examples } from "./readme.ts";
import { useUpstash } from "./upstash.ts";
import { works } from "./works.ts";

/**
 * Frameworks that need a project of their own. Each is copied beside the packed package, installed as a user
 * would, built, checked and started. Then the test streams and publishes.
 */

const patience = 240_000;

const upstash = useUpstash();
let packed: Installed;
beforeAll(async () => {
	packed = await install([]);
});
afterAll(async () => {
	await packed?.remove();
});

/** NODE_ENV of the test runner would change what the frameworks build. */
const { NODE_ENV: _, ...environment } = process.env;
const env = {
	...environment,
	PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`,
	NEXT_TELEMETRY_DISABLED: "1",
};

/** Runs the steps of the README's command before the server starts. Returns the example's folder. */
async function build(name: string): Promise<string> {
	// The package is where the example expects it, two folders up. Nothing else of this checkout is there.
	const tree = temporaryDirectory();
	await succeed("tar", ["-xzf", packed.tarball, "-C", tree, "--strip-components=1"]);
	const folder = join(tree, "examples", name);
	mkdirSync(folder, { recursive: true });
	const ours = /^(node_modules|build|\.next|\.nitro|\.output|\.svelte-kit)$/;
	cpSync(join(examples, name), folder, {
		recursive: true,
		filter: (path) => !ours.test(basename(path)),
	});
	const line = command(name).join(" ");
	const [, steps = ""] = /^(cd .+) && npm start$/.exec(line) ?? [];
	expect(steps).not.toBe("");
	const shell = promisify(execFile);
	await shell("bash", ["-ec", steps], { cwd: tree, env, timeout: patience });
	const { code, output } = await run("tsc", ["--noEmit", "-p", "."], folder);
	expect(code, output).toBe(0);
	return folder;
}

async function start(test: TestContext, folder: string, ...args: string[]): Promise<Server> {
	const server = await startProgram(["npm", "start", ...args], {
		cwd: folder,
		announces: /(?:Listening on|Local:) +(http:\S+)/,
		env: {
			HOST: "127.0.0.1",
			// Some take 0 for an unset port.
			PORT: String(await freePort()),
			...upstash.env,
			NEXT_TELEMETRY_DISABLED: "1",
		},
	});
	test.onTestFinished(() => server.kill());
	return server;
}

test.concurrent.for(["nitro", "sveltekit"])(
	"%s builds, compiles, streams and publishes",
	{ timeout: patience },
	async (name, t) => {
		const { url } = await start(t, await build(name));
		await works(t, { stream: `${url}/stream`, hello: `${url}/hello` }, false);
	},
);

test.concurrent("nextjs builds, streams and publishes, on Node and on the edge runtime", {
	timeout: patience,
}, async (t) => {
	const { url } = await start(t, await build("nextjs"), "--", "-H", "127.0.0.1");
	await works(t, { stream: `${url}/stream`, hello: `${url}/hello` }, true);
	await works(t, { stream: `${url}/edge/stream`, hello: `${url}/edge/hello` }, true);
});
