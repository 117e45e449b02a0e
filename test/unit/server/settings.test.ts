import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../../src/core/errors.ts";
import { createHub } from "../../../src/server/create.ts";
import { readSettings } from "../../../src/server/settings.ts";
import { variables } from "../../../src/server/variable-table.ts";

const names = [...variables.map(({ name }) => name), "SSE_ANY"];

describe("an empty variable", () => {
	test.each(names)("%s: the error names it and says to unset it", (name) => {
		for (const value of ["", " ", "\t\n"]) {
			const read = () => readSettings({ [name]: value });
			expect(read).toThrow(ConfigurationError);
			expect(read).toThrow(`${name} is set, but empty; to do without it, unset it.`);
		}
		expect(() => readSettings({ [name]: undefined, PATH: "" })).not.toThrow();
	});
});

describe("a variable with an invalid value", () => {
	test.each(
		[
			...["-1", "1.5", "70000", "1e3", "0x50", " 80", "８０"].map((value) => ["PORT", value]),
			...["http://x", "127.0.0.1:80", "a b", "x/y", "[::1"].map((value) => ["HOST", value]),
			...["0", "-1", "2147483648"].map((value) => ["SSE_KEEP_ALIVE", value]),
			...["2147483648", "5s"].map((value) => ["SSE_DRAIN", value]),
			["SSE_LINGER", "2147483648"],
			...["0", "-1", "1.5", "many", "Auto", "10000"].map((value) => ["SSE_PROCESSES", value]),
			["SSE_COMPRESS", "gzip"],
			["SSE_COMPRESS_MEMORY", "16M"],
			["SSE_COMPRESS_MEMORY", "1000"], // without SSE_COMPRESS
			...["Worker", "objects", "true"].map((value) => ["SSE_HOLD", value]),
			...["Free", "pro", "false"].map((value) => ["SSE_WORKERS_PLAN", value]),
			["SSE_MAX_CONNECTIONS", "0"],
			["SSE_MAX_BUFFERED_BYTES", "0"],
			["SSE_MAX_MESSAGE_BYTES", "0"],
			["SSE_MAX_DURATION", "forever"],
			["SSE_RUNS_PREFIX", "x".repeat(129)],
			...["SSE_PING", "SSE_LOG_CONNECTIONS", "SSE_PUBLISH_OPEN", "SSE_CORS_CREDENTIALS"].map(
				(name) => [name, "yes"],
			),
			...[" a", "a ", "a\n", "\na", "a\tb", "grün", "\u00a0"].flatMap((value) => [
				["SSE_PUBLISH_TOKEN", value],
				["SSE_METRICS_TOKEN", value],
			]),
			...[",", " , ,", "x".repeat(513), "a,\ud800"].map((value) => ["SSE_CHANNELS", value]),
			...[",", "https://a.example", "a.example/", "*", "*.a.example", "u@a.example", "a b"].map(
				(value) => ["SSE_HOSTS", value],
			),
			...[
				"https://a.example/x",
				"https://a.example//",
				"https://a.example/?q",
				"https://a.example#f",
			],
			...[
				"a.example",
				"//a.example",
				"null",
				"https://",
				"https://*.a.example",
				"https://u@a.example",
			],
			...[
				"wss://a.example",
				"file://",
				"file:///x",
				"data:x",
				"https://a b",
				"https://a.example:x",
				",",
			],
		].map((row) => (typeof row === "string" ? ["SSE_CORS_ORIGIN", row] : row)),
	)("%s=%j: the error names it", (name = "", value = "") => {
		// The error must not show the value.
		const read = () => readSettings({ [name]: value, SSE_CORS_ORIGIN: "*", ...{ [name]: value } });
		expect(read).toThrow(ConfigurationError);
		expect(read).toThrow(new RegExp(`^${name}\\b`));
		if (value.trim().length > 8) expect(read).not.toThrow(value);
	});

	test("SSE_HOLD and SSE_WORKERS_PLAN are refused outside of Workers", () => {
		expect(() => createHub({ SSE_HOLD: "worker" })).toThrow(/^SSE_HOLD: only on Workers/);
		expect(() => createHub({ SSE_WORKERS_PLAN: "free" })).toThrow(
			/^SSE_WORKERS_PLAN: only on Workers/,
		);
	});

	test("SSE_CORS_CREDENTIALS needs named origins", () => {
		expect(() => readSettings({ SSE_CORS_CREDENTIALS: "true" })).toThrow("SSE_CORS_ORIGIN");
		const every = { SSE_CORS_CREDENTIALS: "true", SSE_CORS_ORIGIN: "https://a.example, *" };
		expect(() => readSettings(every)).toThrow("SSE_CORS_ORIGIN");
	});

	test("SSE_PUBLISH_OPEN is refused together with a token or keys", () => {
		const open = { SSE_PUBLISH_OPEN: "true" };
		for (const other of ["SSE_PUBLISH_TOKEN", "SSE_JWT_SECRET", "SSE_JWKS_URL"]) {
			expect(() => readSettings({ ...open, [other]: "x" })).toThrow("SSE_PUBLISH_OPEN");
			expect(() => readSettings({ SSE_PUBLISH_OPEN: "0", [other]: "x" })).not.toThrow();
		}
	});
});

describe("values that are normalised", () => {
	test.each([
		["https://a.example/", ["https://a.example"]],
		["HTTPS://A.Example:443", ["https://a.example"]],
		[
			"http://a.example:80/, https://a.example:8443",
			["http://a.example", "https://a.example:8443"],
		],
		["https://bücher.example", ["https://xn--bcher-kva.example"]],
		[
			"capacitor://localhost/,chrome-extension://abc",
			["capacitor://localhost", "chrome-extension://abc"],
		],
		["http://[::1]:3000", ["http://[::1]:3000"]],
		["https://a.example, *", "*"],
	])("SSE_CORS_ORIGIN=%s gives the list of origins", (text, origin) => {
		expect(readSettings({ SSE_CORS_ORIGIN: text }).cors).toEqual({ origin, credentials: false });
	});

	test("SSE_HOSTS is in lower case, without ports and with brackets around IPv6", () => {
		const { hosts } = readSettings({
			SSE_HOSTS: "A.Example., a.example:8443, 2001:DB8::1, [::2]:80",
		});
		expect(hosts).toEqual(["a.example", "a.example", "[2001:db8::1]", "[::2]"]);
	});

	test("0 means no maximal duration, no linger and no drain", () => {
		const { options, drain } = readSettings({
			SSE_MAX_DURATION: "0",
			SSE_LINGER: "0",
			SSE_DRAIN: "0",
		});
		expect([options.maxDuration, options.linger, drain]).toEqual([undefined, 0, 0]);
	});
});

describe("who may publish", () => {
	const by = (environment: Record<string, string>) => readSettings(environment).publishing;

	test.each([
		"127.0.0.1",
		"127.3.2.1",
		"localhost",
		"LOCALHOST",
		"localhost.",
		"a.localhost",
		"::1",
		"[::1]",
		"0:0:0:0:0:0:0:1",
		"::ffff:127.0.0.1",
	])("on %s the holder of a token made at this start", (host) => {
		const [one, other] = [by({ HOST: host }), by({ HOST: host })];
		expect(one).toMatchObject({ by: "token", isMade: true, isSigned: false });
		expect(one).toMatchObject({ token: expect.stringMatching(/^[\w-]{32}$/) });
		expect(one).not.toEqual(other);
		expect(readSettings({ HOST: host }).hosts).toEqual([]);
	});

	test.each([
		"0.0.0.0",
		"::",
		"192.0.2.1",
		"events.example.com",
		"localhost.example",
		"2001:db8::1",
	])("on %s nobody", (host) => {
		expect(by({ HOST: host })).toEqual({ by: "nobody" });
		expect(readSettings({ HOST: host }).hosts).toBeUndefined();
	});

	test("on any address the holder of a token or key, or everybody, as configured", () => {
		for (const HOST of ["127.0.0.1", "0.0.0.0"]) {
			const set = { by: "token", isMade: false };
			expect(by({ HOST, SSE_PUBLISH_TOKEN: "a b" })).toEqual({
				...set,
				token: "a b",
				isSigned: false,
			});
			expect(by({ HOST, SSE_JWKS_URL: "x" })).toEqual({ ...set, token: undefined, isSigned: true });
			expect(by({ HOST, SSE_PUBLISH_OPEN: "1" })).toEqual({ by: "everybody" });
		}
	});
});
