import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withTable } from "../../scripts/variables/markdown.ts";
import { variables } from "../../src/server/variable-table.ts";
import { root } from "../package/support.ts";

/** The documents list exactly the options and variables that exist. */

const read = (path: string) => readFileSync(join(root, path), "utf8");

/** The members of an interface, read from its source. */
function members(path: string, name: string): string[] {
	const [, body = ""] =
		new RegExp(`interface ${name}[^{]*\\{\\n(.*?)\\n\\}`, "s").exec(read(path)) ?? [];
	return [...body.matchAll(/^\t(\w+)\??:/gm)].map(([, member = ""]) => member);
}

/** The names in the first column of the table below a heading. */
function listed(document: string, heading: string): string[] {
	const [, section = ""] = read(document).split(`\n${heading}\n`);
	const [text = ""] = section.split(/\n#/);
	const rows = text.split("\n").filter((line) => line.startsWith("| `"));
	return rows.flatMap((row) => {
		const [, names = ""] = row.split("|");
		return [...names.matchAll(/`([\w.]+)(?=[:`])/g)].map(([, option = ""]) => option);
	});
}

test.each([
	[
		"src/core/options.ts",
		"ServerSentEventsOptions",
		"docs/reference.md",
		"## Options of `ServerSentEvents`",
	],
	["src/connectors/redis.ts", "RedisOptions", "docs/connectors.md", "## `redis(target, options)`"],
	[
		"src/connectors/upstash/options.ts",
		"UpstashOptions",
		"docs/connectors.md",
		"## `upstash(options)`, `upstash(client, options)`",
	],
	[
		"src/connectors/upstash/polling.ts",
		"PollingOptions",
		"docs/connectors.md",
		"## Where a stream is refused: `polling(options)`",
	],
	["src/client/types.ts", "EventClientOptions", "docs/client.md", "## Options"],
	["src/runs/options.ts", "RunsOptions", "docs/runs.md", "## Options"],
	["src/presence/options.ts", "PresenceOptions", "docs/presence.md", "## Options"],
])("%s: the options of %s are those listed in %s", (path, name, document, heading) => {
	const options = members(path, name);
	expect(options).not.toEqual([]);
	const nested: Record<string, string[]> =
		name === "ServerSentEventsOptions"
			? {
					limits: members("src/core/limits.ts", "Limits"),
					channels: members(path, "ChannelOptions"),
				}
			: {};
	const named = options.flatMap(
		(option) => nested[option]?.map((each) => `${option}.${each}`) ?? option,
	);
	expect(listed(document, heading).sort()).toEqual(named.sort());
});

test("the hub's variables are those that the sources read", () => {
	const sources = globSync("src/**/*.ts", {
		cwd: root,
		exclude: ["src/server/variable-table/*.ts"],
	})
		.map(read)
		.join("\n");
	const inSources = new Set(sources.match(/\b(?:SSE|UPSTASH|KV)_[A-Z_]+[A-Z]\b|\bREDIS_URL\b/g));
	// The sources build these names of a prefix and an ending.
	for (const prefix of ["UPSTASH_REDIS_REST", "KV_REST_API"]) {
		inSources.delete(prefix);
		for (const ending of ["URL", "TOKEN"]) inSources.add(`${prefix}_${ending}`);
	}
	const names = variables.map(({ name }) => name);
	expect(names.sort()).toEqual(["HOST", "PORT", ...inSources].sort());
});

test("docs/hub.md has the generated table of variables", () => {
	const document = read("docs/hub.md");
	expect(listed("docs/hub.md", "## Variables").sort()).toEqual(
		variables.map(({ name }) => name).sort(),
	);
	// `node scripts/variables.ts` writes it.
	expect(document).toBe(withTable(document));
});
