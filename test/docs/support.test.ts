import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { entriesWith } from "../package/entries.ts";
import { hosts, pin } from "../package/hosts.ts";
import { packageJson } from "../package/installed.ts";
import { root } from "../package/support.ts";

/** docs/support.md says what the tests run, and other places agree. */

const text = readFileSync(join(root, "docs/support.md"), "utf8");

/** The rows of the table with this header, as lists of cells. */
function table(header: string): string[][] {
	const [, body = ""] = text.split(`${header}\n`);
	const [rows = ""] = body.split("\n\n");
	const lines = rows.split("\n").filter((line) => !/^\|[-|]+\|$/.test(line));
	return lines.map((line) =>
		line
			.split("|")
			.slice(1, -1)
			.map((cell) => cell.trim()),
	);
}

test("the hosts and releases are those that the tarball is tested on", () => {
	const told = table("| host | releases | not on it |").map((row) => row.slice(0, 2));
	expect(told).toEqual(Object.entries(hosts).map(([host, list]) => [host, list.join(", ")]));
});

test("the entries that a host lacks are those that its tests leave out", () => {
	// Entries that need another package are not the host's matter.
	const all = entriesWith("node", "cloudflare");
	const lacking = (had: string[]) => all.filter((entry) => !had.includes(entry)).map(short);
	const told = table("| host | releases | not on it |").map(([host = "", , missing = ""]) => {
		const named = [...missing.matchAll(/`([\w-]+)`/g)].map(([, name = ""]) => name);
		return [host, named.sort()];
	});
	const servers = lacking(entriesWith("node")).sort();
	const edge = lacking(entriesWith()).sort();
	expect(Object.fromEntries(told)).toEqual({
		Node: servers,
		Bun: servers,
		Deno: servers,
		"Cloudflare Workers, by wrangler": [],
		"Vite, SSR build": servers,
		"Next.js' edge conditions, by esbuild": edge,
		TypeScript: [],
	});
});

test("the versions tested in full are the pinned ones", () => {
	const installed = (name: string): string =>
		JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;
	const told = table("| | tested in full |").map(([, versions]) => versions);
	const rows = [
		["node", "bun", "deno", "workerd"],
		["hono", "@hono/node-server", "srvx"],
		["express", "fastify"],
		["@redis/client", "ioredis"],
		["@upstash/redis", "upstash-redis-previous"],
		["react"],
	];
	expect(told).toEqual(rows.map((names) => names.map(installed).join(", ")));
	// Every clean checkout installs the pinned version.
	expect(installed("node")).toBe(pin("node"));
});

test("the oldest Node is the one in package.json", () => {
	const [[, releases = ""] = []] = table("| host | releases | not on it |");
	expect(packageJson.engines.node).toBe(`>=${Number.parseInt(releases, 10)}`);
});

function short(entry: string): string {
	return entry.replace(/^edge-sse\/?/, "");
}
