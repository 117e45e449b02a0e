import { expect, onTestFinished, test } from "vitest";
import { runToEnd } from "../../support/server.ts";
import { startWorker } from "../../support/worker.ts";
import { jwk, pairs, signedBy, startKeyServer } from "./kit.ts";
import { scenario } from "./scenario.ts";

// On Node the other tests check the details; the other runtimes must give the same results.
const invalid = '401 Bearer error="invalid_token"';
const expected = [
	...["RS256", "PS256", "ES256", "ES384", "EdDSA"].flatMap((algorithm) =>
		["CryptoKey", "JWK", "PEM"].flatMap((form) => [
			`${algorithm} by ${form}: room.1`,
			`${algorithm} tampered: ${invalid}`,
		]),
	),
	"HS256: чат",
	'another channel: 403 Bearer error="insufficient_scope"',
	`another key: ${invalid}`,
	"no token: 401 Bearer",
	"public: news",
	"publish: true",
	"keys behind a URL: room.1",
	"nobody behind the URL: 503 unavailable",
];

const main = "test/unit/auth/main.ts";
const allowed = ["--no-prompt", "--allow-net=127.0.0.1"];

const runs: [name: string, run: (args: string[]) => Promise<string[]>][] = [
	["Node", ([url = "", token = ""]) => scenario(url, token)],
	["Bun", (args) => printed("bun", [main, ...args])],
	["Deno", (args) => printed("deno", ["run", ...allowed, main, ...args])],
	[
		"Workers",
		async (args) => {
			const server = await worker();
			const response = await fetch(`${server.url}/?${query(args)}`);
			expect(response.status, server.output).toBe(200);
			return (await response.json()) as string[];
		},
	],
];

test.each(runs)(
	"%s gives the same answers as every other runtime",
	async (_, run) => {
		await using server = await startKeyServer([jwk(pairs.EdDSA, { kid: "1" })]);
		const token = signedBy(pairs.EdDSA, "EdDSA", undefined, { kid: "1" });
		expect(await run([server.url, token])).toEqual(expected);
	},
	60_000,
);

test("on Workers concurrent requests share one fetch of the keys, and all are answered", async () => {
	await using keys = await startKeyServer([jwk(pairs.EdDSA)]);
	const server = await worker();
	const headers = { authorization: `Bearer ${signedBy(pairs.EdDSA, "EdDSA")}` };
	const ask = async () => {
		const response = await fetch(`${server.url}/shared?${query([keys.url])}`, { headers });
		expect(response.status, server.output).toBe(200);
		return response.json();
	};
	const together = await Promise.all(Array.from({ length: 10 }, ask));
	expect(together).toEqual(together.map(() => expect.objectContaining({ channels: ["room.1"] })));
	await keys.down();
	expect(await ask()).toMatchObject({ channels: ["room.1"] });
});

async function worker() {
	const server = await startWorker({ entry: "test/unit/auth/worker.ts" });
	onTestFinished(() => server.kill());
	return server;
}

const query = (args: string[]) => new URLSearchParams(args.map((value) => ["argument", value]));

async function printed(runtime: "bun" | "deno", program: string[]): Promise<string[]> {
	const { code, output } = await runToEnd(runtime, { program });
	expect(code, output).toBe(0);
	return JSON.parse(output);
}
