import { pinned } from "./fresh.ts";
import { packageJson } from "./installed.ts";

const [, oldest] = /^>=(\d+)$/.exec(packageJson.engines.node) ?? [];
if (oldest === undefined) throw new Error("package.json: engines.node must be >= a whole number.");

/**
 * The hosts and releases on which the tarball is tested. The table of docs/support.md has the same rows. Of
 * Node these are the first release that package.json allows, and one of each later LTS line.
 */
export const hosts = {
	Node: [`${oldest}.0.0`, "22.23.3", pin("node")],
	Bun: [pin("bun")],
	Deno: [pin("deno")],
	"Cloudflare Workers, by wrangler": [pin("wrangler")],
	"Vite, SSR build": [pin("vite")],
	"Next.js' edge conditions, by esbuild": [pin("esbuild")],
	TypeScript: ["5.0.4", pin("typescript")],
} satisfies Record<string, string[]>;

export type Host = keyof typeof hosts;

/** One row for each release of each host. */
export const releases: [host: Host, version: string][] = Object.entries(hosts).flatMap(
	([host, versions]) => versions.map((version): [Host, string] => [host as Host, version]),
);

/** The pinned version of a development dependency. */
export function pin(name: string): string {
	const version = pinned[name];
	if (version === undefined) throw new Error(`package.json: ${name} is no development dependency.`);
	return version;
}
