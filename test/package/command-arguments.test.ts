import { afterAll, beforeAll, expect, test } from "vitest";
import { type Program, shell } from "../support/programs.ts";
import { addressOf } from "./command-trial.ts";
import { type Installed, install, packageJson } from "./installed.ts";

/** The command's help, its answers to wrong arguments, and `check`. */

let installed: Installed;
beforeAll(async () => {
	installed = await install(["@redis/client", "eventsource-parser", "jose"]);
});
afterAll(() => installed.remove());

const run = (words: string, env: Record<string, string> = {}) =>
	shell(`exec node node_modules/edge-sse/dist/cli.js ${words}`, env, installed.folder);

/** Runs the command to its end. */
async function said(words: string, env: Record<string, string> = {}) {
	const program = run(words, env);
	return { code: await program.ended(), output: program.output };
}

test("--version, --help and the --help of each command answer", async () => {
	expect(await said("--version")).toEqual({ code: 0, output: `${packageJson.version}\n` });
	const help = await said("--help");
	expect(help.code).toBe(0);
	for (const command of ["serve", "publish", "tail", "doctor", "check", "env"]) {
		expect(help.output).toContain(command);
		expect(await said(`${command} --help`)).toEqual({
			code: 0,
			output: expect.stringMatching(new RegExp(`^Usage: edge-sse \\[?${command}`)),
		});
	}
});

test.each([
	["--prot 80", "--prot: there is no such option. Did you mean --port?"],
	["publsh x", "publsh: there is no such command. Did you mean publish?"],
	["serve now", "Too many arguments. Usage: edge-sse [serve] [options]"],
	["tail", "The URL is missing. Usage: edge-sse tail <url> [options]"],
	["tail localhost --count 0", "--count: must be a whole number from 1."],
	["tail localhost --since soon", "--since: must be a time in the past"],
	["tail localhost --since 1m --last-event-id 1-0", "--since: cannot be given with"],
	["publish localhost --count 3", "--count: needs the data as an argument."],
	["publish localhost x --rate 0", "--rate: must be a number above 0, up to 1,000."],
	["publish localhost x --token hush", "--token: a secret is no argument"],
	["--publish-token hush", "--publish-token: a secret is no argument"],
])("%s exits with 2 and says: %s", async (words, text) => {
	const { code, output } = await said(words);
	expect(output).toContain(`edge-sse: ${text}`);
	expect(output).not.toContain("hush");
	expect(code).toBe(2);
});

test("check explains a configuration or names the wrong option, and does not listen", async () => {
	const right = await said("check --host 0.0.0.0 --history-seconds 60", {
		SSE_PUBLSH_TOKEN: "hush",
		REDIS_URL: "redis://:hush@127.0.0.1:1",
	});
	expect(right.code).toBe(0);
	expect(right.output).toContain("Did you mean SSE_PUBLISH_TOKEN?");
	expect(right.output).toMatch(/^ {2}listens on +http:\/\/0\.0\.0\.0:8787: whoever/m);
	expect(right.output).toMatch(/^ {2}broker +redis$/m);
	expect(right.output).toMatch(/^ {2}history +keeps 60 seconds$/m);
	expect(right.output).toMatch(/^ {2}publishing +nobody over HTTP/m);
	expect(right.output).not.toContain("hush");
	expect(await said("check --drain soon")).toEqual({
		code: 1,
		output: expect.stringMatching(/^edge-sse: --drain must be a whole number [^\n]+\n$/),
	});
});

test("a hub warns at its start of a variable that is nearly one of its own", async () => {
	const hub: Program = run("--port 0", { SSE_DRIAN: "1" });
	await addressOf(hub);
	expect(hub.output).toMatch(/^edge-sse: SSE_DRIAN is set, .* Did you mean SSE_DRAIN\?$/m);
});
