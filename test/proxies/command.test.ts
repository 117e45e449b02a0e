import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nchanPath } from "../../scripts/tools.ts";
import { doctor } from "../../src/cli/doctor.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import type { Finding } from "../../src/testing.ts";
import { selfSigned } from "../support/certificate.ts";
import { temporaryDirectory } from "../support/directories.ts";
import { freePort } from "../support/ports.ts";
import { shell } from "../support/programs.ts";
import { runToEnd, type Server, startServer } from "../support/server.ts";
import { startProxy } from "./kit/start.ts";

/** The command itself, and the same checks on other runtimes. */

const token = "hush-hush";

let hub: Server;
beforeAll(async () => {
	const env = { SSE_PUBLISH_TOKEN: token, SSE_HISTORY_LENGTH: "100" };
	hub = await startServer("node", { env });
});
afterAll(() => hub.kill());

async function said(words: string, env: Record<string, string> = {}) {
	const program = shell(`exec node src/cli/main.ts doctor ${words}`, env);
	return { code: await program.ended(), output: program.output };
}

const patient = "--latency 20000 --timeout 40 --idle 1";

test("prints what it found, with what is wrong at the end, and no secret", async () => {
	const env = { SSE_PUBLISH_TOKEN: token };
	const { code, output } = await said(`${hub.url} --publish ${patient}`, env);
	expect(code, output).toBe(0);
	expect(output).toMatch(/^✓ delivery {8}An event took \d+ ms from its publish to the stream\.$/m);
	expect(output).toMatch(/^✓ resume /m);
	expect(output).toMatch(
		/\n\nNo fault, 1 could be better \(!\), \d cannot be told from here \(\?\)\.\n$/,
	);
	expect(output).not.toContain(token);
	expect(output).not.toContain("\u001b");
});

test("prints JSON, and ends with 1 where there is a fault", async () => {
	const { code, output } = await said(`${hub.url}/livez --json`);
	expect(code, output).toBe(1);
	expect(JSON.parse(output)).toEqual({
		url: `${hub.url}/livez`,
		faults: 1,
		findings: expect.arrayContaining([
			expect.objectContaining({
				...{ check: "status", level: "fault" },
				seen: 'The content type is "application/json".',
			}),
		]),
	});
});

test("a hub without the right to publish is reported, and the rest is checked", async () => {
	const { code, output } = await said(`${hub.url} --publish ${patient}`);
	expect(code, output).toBe(0);
	expect(output).toMatch(/^\? delivery +The publish was refused: \S+ answered 401: /m);
});

test.each([
	["", "The URL is missing."],
	["localhost --idel 3", "--idel: there is no such option. Did you mean --idle?"],
	["localhost --token hush", "--token: a secret is no argument"],
	["localhost --header 'Authorization: Bearer hush'", "--header: a secret is no argument."],
	["localhost --header hush", '--header: must be written as "name: value"'],
	["localhost --origin app.example.com", "--origin: must be an origin"],
	["localhost --idle 9999", "--idle: must be 3600 at most."],
	["localhost one", "Too many arguments."],
])("doctor %s is a usage error: %s", async (words, text) => {
	const args = words.match(/'[^']+'|\S+/g)?.map((word) => word.replaceAll("'", "")) ?? [];
	const error: unknown = await doctor.run(args).catch((thrown: unknown) => thrown);
	// The command ends with 2 then.
	expect(error).toBeInstanceOf(UsageError);
	expect(String(error)).toContain(text);
	expect(String(error)).not.toContain("hush");
});

test("a token of two lines is refused, and not shown", async () => {
	const file = `${temporaryDirectory()}/token`;
	writeFileSync(file, "hush\nhush");
	const error: unknown = await doctor
		.run(["localhost", "--token-file", file])
		.catch((thrown: unknown) => thrown);
	expect(String(error)).toBe("Error: --token-file: the token must be ASCII, on one line.");
});

describe("behind TLS", () => {
	let url: string;
	let authority: string;
	beforeAll(async () => {
		const directory = temporaryDirectory();
		const { cert, key } = selfSigned(directory);
		const port = await freePort();
		writeFileSync(
			`${directory}/nginx.conf`,
			`daemon off; pid nginx.pid; error_log stderr notice; events {}
http { access_log off;
client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
server { listen 127.0.0.1:${port} ssl http2; ssl_certificate ${cert}; ssl_certificate_key ${key};
location / { proxy_pass ${hub.url}; } } }`,
		);
		const command = [nchanPath(), "-p", directory, "-c", "nginx.conf", "-e", "stderr"];
		await startProxy(command, /start worker process \d+()/, [port]);
		url = `https://localhost:${port}`;
		authority = cert;
	});

	test("an untrusted certificate is the one fault", async () => {
		const { code, output } = await said(`${url} --json`);
		expect(code, output).toBe(1);
		const { findings } = JSON.parse(output) as { findings: Finding[] };
		expect(findings).toHaveLength(1);
		expect(findings[0]?.seen).toContain("the certificate is not trusted");
	});

	test("with its authority, browsers get HTTP/2", async () => {
		const { code, output } = await said(`${url} ${patient} --json`, {
			NODE_EXTRA_CA_CERTS: authority,
		});
		expect(code, output).toBe(0);
		const { findings } = JSON.parse(output) as { findings: Finding[] };
		const http = findings.find(({ check }) => check === "http-version");
		expect(http).toMatchObject({ level: "fine", seen: expect.stringContaining("HTTP/2") });
	});
});

test.each(["bun", "deno"] as const)("checkEventStream() on %s finds the same", async (runtime) => {
	const nowhere = `http://127.0.0.1:${await freePort()}`;
	const file = ["test/proxies/fixtures/check.ts", hub.url, token, nowhere];
	const program =
		runtime === "deno"
			? ["run", "--no-prompt", "--allow-net", "--allow-env", "--allow-read", ...file]
			: file;
	const { code, output } = await runToEnd(runtime, { program });
	expect(code, output).toBe(0);
	const findings = JSON.parse(output.slice(output.indexOf("["))) as Finding[];
	const of = (level: string) =>
		findings.filter((each) => each.level === level).map(({ check }) => check);
	// One of them is at no address.
	expect(of("fault"), output).toEqual(["reach"]);
	expect(findings.at(-1)?.seen).toContain("nothing listens there");
	expect(of("fine")).toEqual(expect.arrayContaining(["delivery", "resume", "last-event-id"]));
});
