import { describe, expect, test } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { checkedLimits } from "../../../src/core/limits.ts";
import { checkedOptions } from "../../../src/core/options.ts";
import { nearMisses } from "../../../src/server/near-misses.ts";
import { readSettings } from "../../../src/server/settings.ts";
import { variables } from "../../../src/server/variable-table.ts";

/** The one table of the hub's variables, from which the documents and options are made. */

const defaults = Object.fromEntries(variables.map((each) => [each.name, each.default]));

test("its defaults are those of the code", () => {
	const { host, port, drain } = readSettings({});
	const { connections, bufferedBytes, messageBytes } = checkedLimits();
	const { keepAlive, linger } = checkedOptions({ connector: memory() });
	expect(defaults).toMatchObject({
		...{ HOST: host, PORT: String(port), SSE_DRAIN: String(drain) },
		SSE_MAX_CONNECTIONS: String(connections),
		SSE_MAX_BUFFERED_BYTES: String(bufferedBytes),
		SSE_MAX_MESSAGE_BYTES: String(messageBytes),
		...{ SSE_KEEP_ALIVE: String(keepAlive), SSE_LINGER: String(linger) },
	});
});

test("each variable is listed once with a meaning, and TOKEN or SECRET in a name means a secret", () => {
	const names = variables.map(({ name }) => name);
	expect(new Set(names).size).toBe(names.length);
	expect(variables.filter(({ meaning }) => meaning === "")).toEqual([]);
	const secrets = variables.filter(({ secret }) => secret === "always").map(({ name }) => name);
	expect(secrets).toEqual(names.filter((name) => /TOKEN|SECRET/.test(name)));
});

describe("a warning about an unknown variable", () => {
	test.each([
		["SSE_PUBLSH_TOKEN", "SSE_PUBLISH_TOKEN"],
		["SSE_CORS_ORIGINS", "SSE_CORS_ORIGIN"],
		["sse_drain", "SSE_DRAIN"],
		["SSE_PORT", "PORT"],
		["SSE_MAXCONNECTIONS", "SSE_MAX_CONNECTIONS"],
	])("%s suggests %s", (name, meant) => {
		const [line = "", ...more] = nearMisses({ [name]: "a-secret", PATH: "/bin" });
		expect(more).toEqual([]);
		expect(line).toMatch(new RegExp(`^${name} is set, .* Did you mean ${meant}\\?$`));
		expect(line).not.toContain("a-secret");
	});

	test("is given for no other name", () => {
		const known = Object.fromEntries(variables.map(({ name }) => [name, "x"]));
		const others = { SSE_C_INCLUDE_PATH: "x", SSE_SOMETHING_ELSE: "x", PROT: "80" };
		expect(nearMisses({ ...known, ...others, SSE_DRAINN: undefined })).toEqual([]);
	});
});
