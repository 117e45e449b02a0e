import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../package/support.ts";

/** What can be set is what the documents list: no option is forgotten, and none is invented. */

const read = (path: string) => readFileSync(join(root, path), "utf8");

/** The members of an interface, as it is written. */
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
	["src/connectors/upstash.ts", "UpstashOptions", "docs/connectors.md", "## `upstash(options)`"],
	["src/client/types.ts", "EventClientOptions", "docs/client.md", "## Options"],
])("%s: the options of %s are those of %s", (path, name, document, heading) => {
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
	const sources = globSync("src/**/*.ts", { cwd: root }).map(read).join("\n");
	const inSources = new Set(sources.match(/\b(?:SSE|UPSTASH|KV)_[A-Z_]+[A-Z]\b|\bREDIS_URL\b/g));
	// Made of these and an ending, in the sources as in the document.
	for (const prefix of ["UPSTASH_REDIS_REST", "KV_REST_API"]) {
		inSources.delete(prefix);
		inSources.delete(`${prefix}_TOKEN`);
		inSources.add(`${prefix}_URL`);
	}
	const named = new Set(listed("docs/hub.md", "## Variables"));
	for (const other of ["HOST", "PORT", "_TOKEN"]) expect(named.delete(other), other).toBe(true);
	expect([...named].sort()).toEqual([...inSources].sort());
});
