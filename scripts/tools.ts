/**
 * Programs that the tests need and npm does not install: Redis, NATS, a browser of each engine, Python with
 * Flask, nginx with nchan, four more proxies, PostgreSQL, and curl, which lines of the documents call.
 */
import { spawnSync } from "node:child_process";
import {
	accessSync,
	constants,
	existsSync,
	globSync,
	realpathSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";

interface Tool {
	/** Debian's names of the packages to install. */
	debianPackages: readonly string[];
	/** Any of these is enough. */
	commands: readonly string[];
	/** Whether this program has what the tests need. Without this function every one has it. */
	works?(path: string): boolean;
}

const redis: Tool = { debianPackages: ["redis-server"], commands: ["redis-server"] };
const nats: Tool = { debianPackages: ["nats-server"], commands: ["nats-server"] };
const chromium: Tool = {
	debianPackages: ["chromium"],
	commands: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
};
const firefox: Tool = { debianPackages: ["firefox-esr"], commands: ["firefox-esr", "firefox"] };
const webKitDriver: Tool = {
	debianPackages: ["webkit2gtk-driver"],
	commands: ["WebKitWebDriver"],
};
const xvfb: Tool = { debianPackages: ["xvfb"], commands: ["Xvfb"] };
const python: Tool = {
	debianPackages: ["python3-flask", "python3-redis"],
	commands: ["python3"],
	// The first Python in the PATH may be another one than that of Debian's packages.
	works: (path) => spawnSync(path, ["-c", "import flask, redis"]).status === 0,
};
const curl: Tool = { debianPackages: ["curl"], commands: ["curl"] };
const nchanModule = "/usr/lib/nginx/modules/ngx_nchan_module.so";
const nchan: Tool = {
	debianPackages: ["nginx", "libnginx-mod-nchan"],
	commands: ["nginx"],
	works: () => existsSync(nchanModule),
};
const haproxy: Tool = { debianPackages: ["haproxy"], commands: ["haproxy"] };
const apache: Tool = { debianPackages: ["apache2"], commands: ["apache2"] };
const caddy: Tool = { debianPackages: ["caddy"], commands: ["caddy"] };
const varnish: Tool = { debianPackages: ["varnish"], commands: ["varnishd"] };
const postgres: Tool = { debianPackages: ["postgresql"], commands: ["initdb"] };
const tools = [
	...[redis, nats, chromium, firefox, webKitDriver, xvfb, python, curl, nchan],
	...[haproxy, apache, caddy, varnish, postgres],
];

// The path of each program. Each function throws a line that names what to install.
export const chromiumPath = (): string => pathOf(chromium);
export const firefoxPath = (): string => pathOf(firefox);
export const webKitDriverPath = (): string => pathOf(webKitDriver);
/** A virtual display, because WebKit has no browser without a window. */
export const xvfbPath = (): string => pathOf(xvfb);
/** A Python with Flask and redis-py. */
export const pythonPath = (): string => pathOf(python);
/** An nginx with nchan. */
export const nchanPath = (): string => pathOf(nchan);
export const haproxyPath = (): string => pathOf(haproxy);
export const apachePath = (): string => pathOf(apache);
export const caddyPath = (): string => pathOf(caddy);
export const varnishPath = (): string => pathOf(varnish);
/** The folder of PostgreSQL's programs: `initdb`, `postgres` and `psql`. */
export const postgresDirectory = (): string => dirname(realpathSync(pathOf(postgres)));

function pathOf(tool: Tool): string {
	const path = find(tool);
	if (path === undefined) throw new Error(missingLine([tool]));
	return path;
}

/**
 * Installs missing programs on Debian and Ubuntu, as root. Otherwise, or when that fails, throws one line that names
 * what to install.
 */
export function ensureTools(): void {
	const missing = tools.filter((tool) => find(tool) === undefined);
	if (missing.length === 0) return;
	const mayInstall = process.getuid?.() === 0 && existsSync("/etc/debian_version");
	if (!mayInstall) throw new Error(missingLine(missing));
	install(missing.flatMap((tool) => tool.debianPackages));
	const still = missing.filter((tool) => find(tool) === undefined);
	if (still.length > 0) throw new Error(missingLine(still));
}

function find({ commands, works = () => true }: Tool): string | undefined {
	const path = (process.env.PATH ?? "").split(delimiter).filter((each) => each !== "");
	// Debian's nats-server and nginx are only in root's PATH, and PostgreSQL's programs are in no PATH.
	const directories = [...path, "/usr/sbin", ...globSync("/usr/lib/postgresql/*/bin")];
	return commands
		.flatMap((command) => directories.map((directory) => join(directory, command)))
		.find((path) => isExecutable(path) && works(path));
}

function isExecutable(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false; // not there, or not ours to run: the next directory may have it
	}
}

function missingLine(missing: readonly Tool[]): string {
	const names = missing.flatMap((tool) => tool.debianPackages).join(" ");
	return `The tests need programs that are not installed: run \`apt-get install ${names}\` (Debian), or install them in another way.`;
}

// Debian starts a service when it is installed, unless this file forbids it. The tests start their
// own servers, so a running Redis would only occupy its port.
const policy = "/usr/sbin/policy-rc.d";

function install(packages: readonly string[]): void {
	console.log(`Installing ${packages.join(", ")} (missing here).`);
	const ownPolicy = !existsSync(policy);
	if (ownPolicy) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
	try {
		aptGet("update", "-qq");
		aptGet("install", "-qq", "-y", "--no-install-recommends", ...packages);
	} finally {
		if (ownPolicy) rmSync(policy, { force: true });
	}
}

function aptGet(...args: string[]): void {
	const { status, error, stdout, stderr } = spawnSync("apt-get", args, {
		env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
		stdio: ["ignore", "pipe", "pipe"],
		encoding: "utf8",
		timeout: 10 * 60_000,
	});
	if (error === undefined && status === 0) return;
	// apt's output is needed only after a failure, and then as a whole.
	process.stderr.write(`${stdout ?? ""}${stderr ?? ""}`);
	throw new Error(`apt-get ${args.join(" ")} failed: ${error?.message ?? `exit ${status}`}`);
}
