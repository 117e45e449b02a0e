import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { hubOptions, readHubArguments, withOptions } from "../../../src/cli/hub-options.ts";
import { routeUrl } from "../../../src/cli/hub-url.ts";
import { UsageError } from "../../../src/cli/usage-error.ts";
import { variables } from "../../../src/server/variable-table.ts";

const folder = mkdtempSync(join(tmpdir(), "edge-sse-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
	writeFileSync(join(folder, name), text);
	return join(folder, name);
};
const read = (...args: string[]) => withOptions({}, readHubArguments(args, {}));

describe("command-line options of the hub", () => {
	test("each option sets the variable of the same name", () => {
		for (const { name, isFlag, secret, hasNoOption } of variables) {
			if (hasNoOption) continue;
			const option = `--${name.replace("SSE_", "").toLowerCase().replaceAll("_", "-")}`;
			if (secret !== undefined) {
				expect(read(`${option}-file`, file(name, "a b\n"))).toEqual({ [name]: "a b" });
			} else if (isFlag) expect(read(option)).toEqual({ [name]: "true" });
			else expect(read(option, "x")).toEqual(read(`${option}=x`));
			if (secret === "always") expect(() => read(option, "hush")).toThrow(UsageError);
			else if (!isFlag) expect(read(option, "x")).toEqual({ [name]: "x" });
		}
	});

	test("a Redis URL with a user but no password may be an argument", () => {
		expect(read("--redis-url", "redis://me@x:1/2")).toEqual({ SSE_REDIS_URL: "redis://me@x:1/2" });
	});

	test("options override variables of the environment and leave the others alone", () => {
		const given = readHubArguments(["--port", "1"], {});
		expect(withOptions({ PORT: "2", HOST: "::1" }, given)).toEqual({ PORT: "1", HOST: "::1" });
	});

	test.each([
		[["--prot", "1"], "--prot: there is no such option. Did you mean --port?"],
		[["-p", "1"], "-p: there is no such option"],
		[["--hush+hush=1"], "There is no such option."],
		[["--port"], "--port: needs a value: --port <number>."],
		[["--port", "1", "--port", "2"], "--port: is given twice."],
		[["--ping=no"], "--ping: takes no value."],
		[["--constructor"], "--constructor: there is no such option"],
		[["--publish-token", "hush"], "Set SSE_PUBLISH_TOKEN, or name a file that has it"],
		[["--jwt-secret=hush"], "--jwt-secret: a secret is no argument"],
		[["--redis-url", "redis://u:hush@x"], "--redis-url: has a password in it"],
		[["--redis-url", "u:hush@x"], "--redis-url: has a password in it"],
		[["--redis-url", "redis://u:hu/hush@x"], "--redis-url: has a password in it"],
	])("%j is refused: %s", (args, message) => {
		const reading = () => read(...args);
		expect(reading).toThrow(UsageError);
		expect(reading).toThrow(message);
		expect(reading).not.toThrow("hush");
	});

	test.each([
		["it does not exist", "/nowhere/at/all", "the file cannot be read (ENOENT)"],
		["it is a folder", folder, "the file cannot be read (EISDIR)"],
		["it is empty", file("empty", " \n"), "the file is empty"],
		["it is too large", file("large", "x".repeat(70_000)), "the file has more than 65536 bytes"],
	])("a secret's file is refused when %s", (_, path, message) => {
		expect(() => read("--publish-token-file", path)).toThrow(`--publish-token-file: ${message}`);
	});

	test("every option has a help text", () => {
		expect(Object.values(hubOptions).filter(({ help }) => help === "")).toEqual([]);
	});
});

describe("the URL of a hub", () => {
	const url = (text: string) => routeUrl(text, "/stream", "tail <url>").href;

	test("is the route's URL when it has no path", () => {
		expect(url("http://a.example")).toBe("http://a.example/stream");
		expect(url("https://a.example/?channel=b")).toBe("https://a.example/stream?channel=b");
		expect(url("http://a.example/mine?x")).toBe("http://a.example/mine?x");
		expect(url("localhost:8787")).toBe("http://localhost:8787/stream");
	});

	test.each([
		"ftp://a.example",
		"http://",
		"http://u:hush@a.example",
		"http://a.example/#token=hush",
		"http://a.example/stream?token=hush",
	])("%s is refused, and its secret is not shown", (text) => {
		expect(() => url(text)).toThrow(UsageError);
		expect(() => url(text)).not.toThrow("hush");
	});
});
