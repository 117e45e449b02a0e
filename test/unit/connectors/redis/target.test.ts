import { execFile } from "node:child_process";
import { inspect, promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { isReply, toConnectorError } from "../../../../src/connectors/redis/errors.ts";
import { redis } from "../../../../src/connectors/redis.ts";
import { ConfigurationError } from "../../../../src/core/errors.ts";

const source = new URL("../../../../src/connectors/redis.ts", import.meta.url).href;

describe("redis(): its target", () => {
	test.each([
		["redis://localhost"],
		["redis://localhost:6379/15"],
		["rediss://user:p%40ss@[::1]:6380"],
		[{ url: "rediss://localhost", socket: { tls: true } }],
		[{ socket: { path: "/run/redis.sock" } }],
		[{}],
	])("%j is accepted, and no connection is opened", async (target) => {
		const connector = redis(target);
		expect(connector.name).toBe("redis");
		await connector.close();
	});

	test.each([
		["another scheme", "https://:hunter2@example.org", /redis:\/\/ or rediss:\/\//],
		["no scheme", "hunter2@localhost:6379", /redis:\/\/ or rediss:\/\//],
		["text that is no URL", "hunter2", /redis:\/\/ or rediss:\/\//],
		["a path that is no number", "redis://:hunter2@localhost/db", /database number/],
		["a lone percent sign", "redis://:hunter2%@localhost", /percent-encoded/],
		["undefined", undefined, /must not be undefined.*redis:\/\/127/],
		["null", null, /must not be null/],
		["a number", 6379, /must not be number/],
		["some other client", { connect: String, on: String }, /unsupported client/],
		["a socket that is a string", { socket: "localhost:6379" }, /socket must be an object/],
	])("%s is a TypeError that says what to write", (_, target, message) => {
		const error = thrown(() => redis(target as string));
		expect(error).toBeInstanceOf(TypeError);
		expect(error.message).toMatch(message);
		expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("hunter2");
	});

	test("TLS on and off at once is a ConfigurationError", () => {
		const target = { url: "rediss://:hunter2@localhost", socket: { tls: false } };
		const error = thrown(() => redis(target));
		expect(error).toBeInstanceOf(ConfigurationError);
		expect(inspect(error)).not.toContain("hunter2");
	});

	test.each([
		{ timeout: 0 },
		{ timeout: 1.5 },
		{ timeout: Number.POSITIVE_INFINITY },
		{ timeout: "3000" as unknown as number },
		{ pingInterval: -1 },
		{ pingInterval: Number.NaN },
	])("%j is a TypeError that names the option", (options) => {
		const error = thrown(() => redis("redis://localhost", options));
		expect(error).toBeInstanceOf(TypeError);
		expect(error.message).toContain(Object.keys(options)[0]);
	});

	test("the client library is loaded at the first use", async () => {
		const script = `
			import { createRequire } from "node:module";
			import { redis } from ${JSON.stringify(source)};
			const { cache } = createRequire(import.meta.url);
			const loaded = () => Object.keys(cache).some((path) => path.includes("@redis/client"));
			const connector = redis("redis://127.0.0.1:1", { timeout: 100 });
			const before = loaded();
			await connector.publish("x", "x").catch(() => {});
			console.log(before, loaded());`;
		const node = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
		expect((await node).stdout).toBe("false true\n");
	});
});

describe("toConnectorError() and isReply()", () => {
	test.each([
		["WRONGPASS invalid username-password pair or user is disabled.", "refused"],
		["NOAUTH Authentication required.", "refused"],
		["NOPERM this user has no permissions to access one of the channels", "refused"],
		["ERR DB index is out of range", "refused"],
		["DENIED Redis is running in protected mode", "refused"],
		["LOADING Redis is loading the dataset in memory", "unavailable"],
		["READONLY You can't write against a read only replica.", "unavailable"],
		["MASTERDOWN Link with MASTER is down", "unavailable"],
		["ERR max number of clients reached", "unavailable"],
		["connect ECONNREFUSED 127.0.0.1:6379", "unavailable"],
		["Socket closed unexpectedly", "unavailable"],
	])("%s becomes a ConnectorError with the code %s", (message, code) => {
		const cause = new Error(message);
		const error = toConnectorError(cause, "host:1");
		expect(error).toMatchObject({ code, cause });
		expect(error.message).toContain("host:1");
		expect(error.message).toContain(message);
	});

	test("an error without a message is shown by its code", () => {
		const nameless = Object.assign(new AggregateError([]), { code: "ECONNREFUSED" });
		expect(toConnectorError(nameless, "host:1").message).toContain("ECONNREFUSED");
	});

	test("a password appears neither in the message nor in the cause", () => {
		const old = new Error(
			"ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `hunter2`, ",
		);
		const withCommand = Object.assign(new Error("WRONGPASS invalid username-password pair"), {
			command: { name: "auth", args: ["user", "hunter2"] },
		});
		for (const cause of [old, withCommand]) {
			const error = toConnectorError(cause, "host:1");
			expect(error.code).toBe("refused");
			expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("hunter2");
		}
	});

	test("isReply() is true only for an answer of Redis", () => {
		expect(isReply(new Error("NOPERM this user"))).toBe(true);
		expect(isReply(new Error("read ECONNRESET"))).toBe(false);
		expect(isReply(new Error("Disconnects client"))).toBe(false);
	});
});

function thrown(call: () => unknown): Error {
	try {
		call();
	} catch (error) {
		if (error instanceof Error) return error;
	}
	throw new Error("Nothing was thrown.");
}
