import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type UpstashOptions, upstash } from "../../src/connectors/upstash.ts";
import { ConfigurationError, ConnectorError } from "../../src/core/errors.ts";
import { Recorder } from "../../src/testing.ts";
import { useUpstash } from "../support/upstash-fixture.ts";
import { later, until } from "../support/wait.ts";
import { connectorSuite } from "./suite.ts";
import { broker, runner } from "./upstash-harness.ts";

// The runtime's own pool has idle connections, with timers of its own: they would look like ours.
const fixture = useUpstash({ keepAlive: false });
beforeEach(() => fixture.gateway.faultless());
afterEach(() => {
	vi.unstubAllEnvs();
	vi.unstubAllGlobals();
});

const connect = (options: UpstashOptions = {}) =>
	upstash({
		url: fixture.gateway.url,
		token: fixture.gateway.token,
		timeout: 1_500,
		...options,
	});

connectorSuite(
	"upstash",
	{
		connect,
		timeout: 1_500,
		refused: () => connect({ token: "another-secret" }),
		history: {
			connect: (history) => connect({ history }),
			runs: true,
			// One request each. The order is the script's, which the runs on Redis test with all 20,000.
			raced: 4_000,
			wipe: async () => void (await fixture.server.command("FLUSHALL")),
		},
		secrets: ["gateway-secret-token", "another-secret"],
		broker: broker(
			() => fixture.gateway,
			() => fixture.server,
		),
		lacks: { borrow: "there is no client: see upstash-client.test.ts" },
	},
	runner(() => fixture.gateway),
);

describe("configuration", () => {
	const unset = () => {
		for (const name of ["UPSTASH_REDIS_REST_URL", "KV_REST_API_URL"]) vi.stubEnv(name, "");
		for (const name of ["UPSTASH_REDIS_REST_TOKEN", "KV_REST_API_TOKEN"]) vi.stubEnv(name, "");
	};

	test.for([
		["Upstash's names", "UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"],
		["Vercel's names", "KV_REST_API_URL", "KV_REST_API_TOKEN"],
	] as const)("the environment: %s", async ([, urlName, tokenName]) => {
		unset();
		vi.stubEnv(urlName, fixture.gateway.url);
		vi.stubEnv(tokenName, fixture.gateway.token);
		const connector = upstash();
		expect(await connector.publish("channel", "x")).toEqual({ receivers: 0 });
		await connector.close();
	});

	test("half of the first pair does not hide the second pair", async () => {
		unset();
		vi.stubEnv("UPSTASH_REDIS_REST_URL", "https://elsewhere.invalid");
		vi.stubEnv("KV_REST_API_URL", fixture.gateway.url);
		vi.stubEnv("KV_REST_API_TOKEN", fixture.gateway.token);
		expect(await upstash().publish("channel", "x")).toEqual({ receivers: 0 });
	});

	test("nothing configured: an error that names the variables, with and without a process", () => {
		unset();
		const names = /UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN.*KV_REST_API_TOKEN/;
		expect(() => upstash()).toThrow(ConfigurationError);
		expect(() => upstash({ url: undefined, token: undefined })).toThrow(names);
		vi.stubGlobal("process", undefined);
		expect(() => upstash()).toThrow(names);
	});

	test("half of a pair: the error says which half is missing", () => {
		expect(() => upstash({ url: fixture.gateway.url })).toThrow("the token is missing");
		expect(() => upstash({ token: "secret" })).toThrow("the url is missing");
	});

	test.for([
		["no URL", "secret-host", "secret"],
		["a TCP URL", "rediss://default:secret@host:6379", "t"],
		["a password in it", "https://default:secret@host", "t"],
		["a token in it", "https://host/?_token=secret", "t"],
		["a line break in the token", "https://host", "sec\nret"],
	])("an unusable value is an error without the secret: %s", ([, url, token]) => {
		const thrown = vi.fn(() => upstash({ url, token }));
		expect(thrown).toThrow(ConfigurationError);
		expect(String(thrown.mock.results[0]?.value)).not.toMatch(/sec\s?ret/);
	});

	test("white space around the URL and the token, as pasted, does no harm", async () => {
		const connector = connect({
			url: ` ${fixture.gateway.url}/\n`,
			token: `${fixture.gateway.token}\n`,
		});
		expect(await connector.publish("channel", "x")).toEqual({ receivers: 0 });
	});

	test("times must be above 0", () => {
		for (const name of ["timeout", "maxSilence", "maxBackoff"]) {
			for (const value of [0, -1, Number.NaN]) {
				expect(() => connect({ [name]: value })).toThrow(TypeError);
			}
		}
	});

	test("on Workers the request shares its I/O, elsewhere the process", () => {
		expect(connect().scope).toBe("process");
		vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
		expect(connect().scope).toBe("request");
	});
});

describe("publish", () => {
	test("is one request and one billed command, without a user agent", async () => {
		const connector = connect();
		const [requests, commands] = [fixture.gateway.requests.length, fixture.gateway.commands];
		for (const each of ["one", "two", "three"]) await connector.publish("channel", each);
		expect(fixture.gateway.requests.length - requests).toBe(3);
		expect(fixture.gateway.commands - commands).toBe(3);
		const request = fixture.gateway.requests.at(-1);
		expect(request).toMatchObject({ method: "POST", path: "/" });
		expect(request?.commands).toEqual([["PUBLISH", "channel", "three"]]);
		const names = Object.keys(request?.headers ?? {});
		expect(names.filter((name) => name.startsWith("upstash"))).toEqual([]);
	});

	test("is batched with those that come while another is under way", async () => {
		const connector = connect();
		const [requests, commands] = [fixture.gateway.requests.length, fixture.gateway.commands];
		const channels = ["one", "two", "one", "three", "one"];
		await Promise.all(channels.map((each, n) => connector.publish(each, `${n}`)));
		// The first of each channel, and what was gathered meanwhile.
		expect(fixture.gateway.requests.length - requests).toBe(4);
		expect(fixture.gateway.commands - commands).toBe(4);
		await connector.publishAll?.(channels.map((channel, n) => ({ channel, payload: `${n}` })));
		expect(fixture.gateway.commands - commands).toBe(5);
	});

	test.for([
		["a reset", { status: "reset" }],
		["a 500", { status: 500 }],
		["a 503 that is a proxy's page", { status: 503, body: "<html>" }],
		["a 429", { status: 429, retryAfter: "0" }],
		["a 200 that is no answer", { status: 200, body: "<html>" }],
		["a 200 without a count", { status: 200, body: "{}" }],
	] as const)("is not repeated after %s, whose outcome is unknown", async ([, fault]) => {
		const connector = connect();
		const recorder = new Recorder();
		const channel = `once.${fault.status}.${"body" in fault}`;
		await connector.subscribe(channel, recorder);
		const before = fixture.gateway.requests.length;
		fixture.gateway.fault({ ...fault, to: "command", times: 1, afterwards: true });
		await expect(connector.publish(channel, "first")).rejects.toMatchObject({
			code: "unavailable",
		});
		expect(fixture.gateway.requests.length - before).toBe(1);
		await connector.publish(channel, "second");
		await recorder.saw("second");
		expect(recorder.messages).toEqual(["first", "second"]);
		await connector.close();
	});

	test.for([400, 401, 403, 404])("a %i is a refusal, in the broker's own words", async (status) => {
		fixture.gateway.fault({ status, error: "NOPERM not for you", times: 1 });
		const error = await connect()
			.publish("channel", "payload")
			.catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(ConnectorError);
		expect(error).toMatchObject({ code: "refused" });
		expect(String(error)).toBe(`ConnectorError: Upstash answered ${status}: NOPERM not for you`);
	});

	test("an error that quotes the token is reported without it", async () => {
		fixture.gateway.fault({
			status: 400,
			error: `bad header: Bearer ${fixture.gateway.token}`,
			times: 1,
		});
		await expect(connect().publish("channel", "x")).rejects.toThrow(/bad header: Bearer …$/);
	});

	test("close waits for a publish under way", async () => {
		const connector = connect();
		fixture.gateway.behave({ delay: 50 });
		const [requests, publishes] = [fixture.gateway.requests.length, fixture.gateway.publishes];
		const publishing = later(connector.publish("channel", "last words"));
		await until(() => fixture.gateway.requests.length > requests, {
			what: "the request at the gateway",
		});
		await connector.close();
		expect(fixture.gateway.publishes - publishes).toBe(1);
		await publishing;
	});
});
