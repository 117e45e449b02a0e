import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publish } from "../support/hub-client.ts";
import { freePort } from "../support/ports.ts";
import { shell } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { addressOf, shown, tryCommand } from "./command-trial.ts";
import { type Fresh, fresh } from "./fresh.ts";
import { temporaryFolder } from "./support.ts";

/** The command, where only the tarball was installed into an empty folder. */

/**
 * The greatest size of an installation, in bytes. `@redis/client` is 5.3 MB of it. In blocks of a disk it takes
 * twice as much.
 */
const most = 8_600_000;

let project: Fresh;
beforeAll(async () => {
	project = await fresh("npm", []);
});
afterAll(() => project.remove());

const run = (words: string, env: Record<string, string> = {}) =>
	shell(`exec node node_modules/.bin/edge-sse ${words}`, env, project.folder);

/** Runs the command to its end. */
async function said(words: string, env: Record<string, string> = {}) {
	const program = run(words, env);
	return { code: await program.ended(), output: program.output };
}

test("npx runs the hub, tail and publish from an empty folder", async () => {
	await tryCommand("npx --no-install edge-sse", project.folder);
});

test("the installation keeps to its size limit", async () => {
	const folder = join(project.folder, "node_modules");
	const paths = await readdir(folder, { recursive: true });
	const stats = await Promise.all(paths.map((path) => stat(join(folder, path))));
	const bytes = stats.reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0);
	console.log(`installed: ${(bytes / 1_000_000).toFixed(1)} MB in ${paths.length} files`);
	expect(bytes).toBeLessThan(most);
});

describe("tail", () => {
	test("follows a hub through its restart", async () => {
		const port = await freePort();
		const hub = () => run(`--port ${port}`, { SSE_PUBLISH_TOKEN: "secret" });
		const before = hub();
		await before.says("listening on");
		const server = { url: `http://127.0.0.1:${port}`, token: "secret" };
		const tail = run(`tail 127.0.0.1:${port}`);
		await tail.says("connected to");
		await publish(server, { data: "before" });
		await tail.says("before");
		before.signal("SIGTERM");
		expect(await before.ended()).toBe(0);
		await hub().says("listening on");
		await tail.says("connected again");
		await publish(server, { data: "after" });
		await tail.says("after");
		expect(shown(tail).map(({ data }) => data)).toEqual(["before", "after"]);
	});

	test("begins after an id, ends after --count, and escapes control characters on a terminal", async () => {
		const hub = run("--port 0 --history-length 10");
		const { url, token } = await addressOf(hub);
		await publish({ url, token }, { data: "zero" });
		const lines = String.raw`printf 'one\n\033[2Jtwo\302\233\342\200\256\nthree'`;
		const publisher = `node node_modules/.bin/edge-sse publish ${url} --type t`;
		const sent = shell(`${lines} | ${publisher}`, { SSE_PUBLISH_TOKEN: token }, project.folder);
		expect(await sent.ended()).toBe(0);
		const [first, ...more] = sent.output.trim().split("\n");
		expect(more).toHaveLength(2);
		const { id } = JSON.parse(first ?? "");
		const ids = more.map((line) => JSON.parse(line).id);

		// `script` gives it a terminal.
		const words = `node node_modules/.bin/edge-sse tail ${url} --last-event-id ${id} --count 2`;
		const plain = { NO_COLOR: "1" };
		const terminal = shell(`exec script -qec '${words}' /dev/null`, plain, project.folder);
		expect(await terminal.ended(), terminal.output).toBe(0);
		const shownLines = terminal.output.split("\r\n").filter((line) => line.includes("  t  "));
		expect(shownLines.map((line) => line.slice(10))).toEqual([
			String.raw`t  ${ids[0]}  \u001b[2Jtwo\u009b\u202e`,
			`t  ${ids[1]}  three`,
		]);
	});

	test("begins at a past time, prints only the requested types, and reports a gap", async () => {
		const { url, token } = await addressOf(run("--port 0 --history-length 10"));
		const send = (data: string, type: string) =>
			publish({ url, token }, { data, type, channel: "news" });
		for (const data of ["a", "b", "c", "d"]) await send(data, data === "c" ? "odd" : "even");
		const tail = await said(`tail ${url} --channel news --since 1h --type even --count 3`);
		expect(tail.code, tail.output).toBe(0);
		// The channel is younger than that time, and the hub cannot know that nothing came before.
		expect(tail.output).toContain("edge-sse: a gap: ");
		const lines = tail.output.split("\n").filter((line) => line.startsWith("{"));
		expect(lines.map((line) => JSON.parse(line).data)).toEqual(["a", "b", "d"]);

		// The cursor of several channels has another form.
		await publish({ url, token }, { data: "e", type: "even", channel: "more" });
		const both = run(`tail ${url} --channel news --channel more --since 1h --type even --count 4`);
		expect(await both.ended(), both.output).toBe(0);
		const events = shown(both).map(({ channel, data }) => `${channel}: ${data}`);
		expect(events.sort()).toEqual(["more: e", "news: a", "news: b", "news: d"]);
	});

	test("exits with the hub's message when reading is refused, and with an error without a hub", async () => {
		const { url } = await addressOf(run("--port 0 --channels news"));
		expect(await said(`tail ${url} --channel other`)).toEqual({
			code: 1,
			output: expect.stringMatching(/^edge-sse: 127\.0\.0\.1:\d+ answered 403: channel: [^\n]+\n$/),
		});
		expect(await said(`publish ${url} x`)).toEqual({
			code: 1,
			output: expect.stringMatching(/^edge-sse: \S+ answered 401: Publishing needs a token/),
		});
		const nowhere = await said(`tail http://127.0.0.1:${await freePort()}`);
		expect(nowhere.output).toMatch(/^edge-sse: \S+ cannot be reached \(ECONNREFUSED\)\.\n$/);
		expect(nowhere.code).toBe(1);
	});
});

describe("publish", () => {
	test("sends files unchanged, then a template --count times at --rate", async () => {
		const { url, token } = await addressOf(run("--port 0 --history-length 10"));
		const folder = temporaryFolder();
		await writeFile(join(folder, "a.json"), '{\n\t"n": 12345678901234567890\n}\n');
		await writeFile(join(folder, "b.txt"), "two\nlines");
		const files = `--file ${join(folder, "a.json")} --file ${join(folder, "b.txt")}`;
		const start = performance.now();
		const sent = await said(
			`publish ${url} '{"n":{n},"at":"{time}","r":{random},"x":{}}' ${files} --count 3 --rate 20`,
			{ SSE_PUBLISH_TOKEN: token },
		);
		expect(sent.code, sent.output).toBe(0);
		expect(sent.output.trim().split("\n")).toHaveLength(5);
		// Five messages have four pauses of 50 ms between them.
		expect(performance.now() - start).toBeGreaterThan(200);
		const tail = run(`tail ${url} --last-event-id 0 --count 5`);
		expect(await tail.ended(), tail.output).toBe(0);
		const [first, second, ...rest] = shown(tail).map(({ data }) => data);
		expect(first).toMatch(/^\{\s*"n": 12345678901234567890\s*\}\s*$/);
		expect(second).toBe("two\nlines");
		expect(rest.map((data) => JSON.parse(data))).toEqual(
			[1, 2, 3].map((n) => ({
				n,
				at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
				r: expect.any(Number),
				x: {},
			})),
		);
		const missing = await said(`publish ${url} --file ${join(folder, "none")}`);
		expect(missing).toEqual({ code: 1, output: "edge-sse: --file: cannot be read (ENOENT).\n" });
	});
});

test("--open passes the token to the page in a file that only the user can read", async () => {
	const bin = temporaryFolder();
	const look = [
		"#!/bin/sh",
		...[`cd ${bin}`, 'echo "$1" >argument', 'file=$(echo "$1" | cut -c 8-)', 'cp "$file" page'],
		...['stat -c "%a" "$file" "$(dirname "$file")" >modes', "env >env", "touch done"],
	];
	await writeFile(join(bin, "xdg-open"), look.join("\n"));
	await chmod(join(bin, "xdg-open"), 0o755);
	const hub = shell(
		`PATH=${bin}:$PATH; exec node node_modules/.bin/edge-sse --port 0 --open`,
		{ SSE_METRICS_TOKEN: "hush" },
		project.folder,
	);
	const { url, token } = await addressOf(hub);
	const exists = (path: string) =>
		stat(path).then(
			() => true,
			() => false,
		);
	await until(() => exists(join(bin, "done")), { what: "the browser" });
	const [argument, page, modes, env] = await Promise.all(
		["argument", "page", "modes", "env"].map((name) => readFile(join(bin, name), "utf8")),
	);
	expect(argument).toMatch(/^file:\/\/\/\S+\/open\.html\n$/);
	expect(argument).not.toContain(token);
	expect(page).toContain(JSON.stringify(`${url}/#token=${token}`));
	expect(modes).toBe("600\n700\n");
	expect(env).toContain("PATH=");
	expect(env).not.toMatch(/SSE_|hush/);
	hub.interrupt();
	expect(await hub.ended()).toBe(0);
	expect(await exists(new URL(argument?.trim() ?? "").pathname)).toBe(false);
});
