import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Configuration {
	/** The Worker's module, in the configuration's directory. */
	script: string;
	/** Text bindings. */
	env?: Readonly<Record<string, string>>;
	/** Binding to exported class. */
	objects?: Readonly<Record<string, string>>;
	/** The directory of the objects' storage. */
	storage: string;
	/** Default: as in wrangler.toml. */
	flags?: readonly string[];
	canEvict?: boolean;
}

/**
 * What `workerd serve` reads: one Worker, its objects, a port that the system chooses, and no network but this
 * machine's.
 */
export function configuration(options: Configuration): string {
	const { script, env = {}, objects = {}, storage, flags, canEvict = false } = options;
	const usual = compatibility();
	const text = JSON.stringify; // Cap'n Proto's text literals are C's, and so are JSON's
	const bindings = [
		...Object.entries(env).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
		...Object.entries(objects).map(
			([name, type]) => `(name = ${text(name)}, durableObjectNamespace = ${text(type)})`,
		),
	];
	const namespaces = [...new Set(Object.values(objects))].map(
		(type) => `(className = ${text(type)}, uniqueKey = ${text(type)}, enableSql = true)`,
	);
	return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
	services = [
		(name = "main", worker = (
			modules = [(name = ${text(script)}, esModule = embed ${text(script)})],
			compatibilityDate = ${text(usual.date)},
			compatibilityFlags = ${text([...(flags ?? usual.flags), ...(canEvict ? ["unsafe_module"] : [])])},
			durableObjectNamespaces = [${namespaces.join(", ")}],
			durableObjectStorage = (localDisk = "storage"),
			bindings = [${bindings.join(", ")}],
			globalOutbound = "loopback",
		)),
		(name = "loopback", network = (allow = ["private"])),
		(name = "storage", disk = (path = ${text(storage)}, writable = true)),
	],
	sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}

/** The same date and flags as in wrangler.toml: a Worker behaves by them. */
export function compatibility(): { date: string; flags: string[] } {
	const toml = readFileSync(join(root, "wrangler.toml"), "utf8");
	const date = /^compatibility_date = (".+")$/m.exec(toml)?.[1];
	const flags = /^compatibility_flags = (\[.*\])$/m.exec(toml)?.[1];
	if (date === undefined || flags === undefined) {
		throw new Error("wrangler.toml: compatibility_date and compatibility_flags were not found.");
	}
	return { date: JSON.parse(date), flags: JSON.parse(flags) };
}
