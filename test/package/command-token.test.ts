import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "../support/hub-client.ts";
import { shell } from "../support/programs.ts";
import { type Installed, install } from "./installed.ts";

/** `edge-sse token`: a hub accepts the tokens it makes, and it never shows what it refuses. */

const secret = "0123456789abcdef0123456789abcdef";

let installed: Installed;
beforeAll(async () => {
	installed = await install(["@redis/client", "eventsource-parser", "jose"]);
});
afterAll(() => installed.remove());

const command = "node node_modules/edge-sse/dist/cli.js";
const run = (line: string, env: Record<string, string> = {}) => shell(line, env, installed.folder);

async function said(line: string, env: Record<string, string> = {}) {
	const program = run(line, env);
	return { code: await program.ended(), output: program.output };
}

test("`token make` makes a token for a hub with the same secret, and `token read` shows its rights", async () => {
	const env = { SSE_JWT_SECRET: secret };
	const words =
		"make news 'room.*' --publish room.1 --members room.2 --disconnect room.3 --expires 1h --subject u7";
	const made = await said(`${command} token ${words}`, env);
	expect(made).toEqual({ code: 0, output: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+\n$/) });
	const token = made.output.trim();

	const hub = run(`exec ${command} --port 0`, env);
	await hub.says("listening on");
	const [, url = ""] = /listening on (\S+)/.exec(hub.output) ?? [];
	const open = (channel: string) =>
		call(`${url}/stream?channel=${channel}`, {
			method: "HEAD",
			headers: { authorization: `Bearer ${token}` },
		});
	expect((await open("room.7")).status).toBe(200);
	expect((await open("other")).status).toBe(403);

	await writeFile(join(installed.folder, "token"), made.output);
	await writeFile(join(installed.folder, "secret"), `${secret}\n`);
	const right = await said(`${command} token read --secret-file secret <token`);
	expect(right.output).toMatch(/^ {2}reads +news, room\.\*$/m);
	expect(right.output).toMatch(/^ {2}publishes to +room\.1$/m);
	expect(right.output).toMatch(/^ {2}ends streams of +room\.3$/m);
	expect(right.output).toMatch(/^ {2}sees members of +room\.2$/m);
	expect(right.output).toMatch(/^ {2}expires +\d{4}-\S+Z \(in 3\d{3} s\)$/m);
	expect(right.output).toMatch(/^ {2}sub +u7$/m);
	expect(right.output).toMatch(/^ {2}signature +right/m);
	expect(right.code).toBe(0);
	const wrong = await said(`${command} token read --token-file token`, {
		SSE_JWT_SECRET: `${secret}x`,
	});
	expect(wrong).toEqual({ code: 1, output: expect.stringMatching(/^ {2}signature +refused: /m) });
	const unchecked = await said(`${command} token read --token-file token`);
	expect(unchecked.output).toMatch(/^ {2}signature +not checked/m);
});

test("`token keys` writes a private key for its owner only, and a public set that checks its tokens", async () => {
	const words = "keys --private-key-file private.json --jwks-file public.json";
	expect(await said(`${command} token ${words}`)).toMatchObject({ code: 0 });
	const file = (name: string) => join(installed.folder, name);
	expect((await stat(file("private.json"))).mode & 0o777).toBe(0o600);
	const { keys } = JSON.parse(await readFile(file("public.json"), "utf8"));
	expect(keys).toEqual([expect.objectContaining({ kty: "EC", crv: "P-256", alg: "ES256" })]);
	expect(keys[0]).not.toHaveProperty("d");
	const piped = `${command} token make news --private-key-file private.json | ${command} token read`;
	const read = await said(`${piped} --jwks-file public.json`);
	expect(read.output).toMatch(/^ {2}signature +right/m);
	expect(read.output).toMatch(new RegExp(`^ {2}key +${keys[0].kid}$`, "m"));
	expect(await said(`${command} token ${words}`)).toEqual({
		code: 1,
		output: "edge-sse: --private-key-file: there is a file already.\n",
	});
});

test.each([
	["token", 2, "token: must be followed by one of make, read, keys."],
	["token make news --secret hush", 2, "--secret: a secret is no argument"],
	["token make news", 1, "There is no key to sign with. Set SSE_JWT_SECRET"],
	["token make news --expires soon --secret-file secret", 2, "--expires: must be a number with"],
	["token keys --private-key-file x", 2, "Both files are needed."],
	["token make news --private-key-file package.json", 1, "privateKey: "],
])("%s exits with %i and says why", async (words, code, text) => {
	await writeFile(join(installed.folder, "secret"), secret);
	const result = await said(`${command} ${words}`);
	expect(result.output).toMatch(/^edge-sse: [^\n]+\n$/);
	expect(result.output).toContain(text);
	expect(result.output).not.toContain("hush");
	expect(result.code).toBe(code);
});

test("`token read` does not show a text that is no token", async () => {
	expect(await said(`echo hush | ${command} token read`)).toEqual({
		code: 1,
		output: expect.stringMatching(/^edge-sse: That is not a token\. (?!.*hush)/),
	});
});
