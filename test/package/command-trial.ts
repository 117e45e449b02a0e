import { expect } from "vitest";
import { call, publish } from "../support/hub-client.ts";
import { type Program, shell } from "../support/programs.ts";
import { until } from "../support/wait.ts";

/** The address and token that a hub started by the command prints. */
export async function addressOf(hub: Program): Promise<{ url: string; token: string }> {
	await hub.says("Authorization: Bearer ");
	const [, url = "", token = ""] = /^ {2}(http:\S+)\/#token=(\S+)$/m.exec(hub.output) ?? [];
	expect(url, hub.output).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
	return { url, token };
}

/** The events that `tail` has printed so far, one line of JSON each. */
export function shown({
	output,
}: Program): { channel?: string; type: string; data: string; id?: string }[] {
	const lines = output.split("\n").filter((line) => line.startsWith("{"));
	return lines.map((line) => JSON.parse(line));
}

/**
 * Tries the whole command in a folder where the package is installed. A hub serves the page, `tail` prints what
 * `publish` and the page send, and Ctrl-C ends the hub.
 *
 * @param command how the runtime at hand runs it.
 */
export async function tryCommand(command: string, folder: string): Promise<void> {
	const run = (words: string, env = {}) => shell(`exec ${command} ${words}`, env, folder);
	const hub = run("--port 0 --history-length 10");
	const { url, token } = await addressOf(hub);
	expect(await call(url)).toMatchObject({ status: 200, body: expect.stringContaining("<title>") });
	const second = run(`--port ${new URL(url).port}`);
	expect(await second.ended()).toBe(1);
	expect(second.output).toMatch(
		/^edge-sse: --port \d+ is taken by another program on 127\.0\.0\.1: [^\n]+\n$/,
	);

	const elsewhere = run("--port 0 --host 192.0.2.1", { SSE_PUBLISH_TOKEN: "t".repeat(40) });
	expect(await elsewhere.ended()).toBe(1);
	expect(elsewhere.output).toMatch(
		/^edge-sse: --host 192\.0\.2\.1 is no address of this machine: /,
	);

	const tail = run(`tail ${url} --channel news`);
	await tail.says("connected to");
	const words = `publish ${url} '{"n": 12345678901234567890}' --channel news --type greeting`;
	const sent = run(words, { SSE_PUBLISH_TOKEN: token });
	expect(await sent.ended(), sent.output).toBe(0);
	expect(JSON.parse(sent.output)).toMatchObject({ receivers: 1 });
	// As the page does.
	await publish({ url, token }, { data: "from the page", channel: "news" });
	await tail.says("from the page");
	expect(shown(tail)).toEqual([
		{ type: "greeting", data: '{"n": 12345678901234567890}', id: expect.any(String) },
		{ type: "message", data: "from the page", id: expect.any(String) },
	]);

	hub.interrupt();
	const code = await hub.ended();
	// npx runs the hub in a shell, which ends before it can report the exit code.
	if (!command.startsWith("npx")) expect(code, hub.output).toBe(0);
	await tail.says("the stream has ended");
	const isGone = () =>
		call(url).then(
			() => false,
			() => true,
		);
	await until(isGone, { what: "the end of the hub" });
}
