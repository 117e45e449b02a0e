/**
 * `npm run docs`: installs the dependencies of the site, builds it into site/dist, and checks its links.
 * `npm run docs -- serve`: the same, and then serves it on this machine. The first run needs the network.
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { problemsOf } from "../site/check.ts";

const site = fileURLToPath(new URL("../site", import.meta.url));
const vitepress = join(site, "node_modules/vitepress/bin/vitepress.js");
const [asked = "build"] = process.argv.slice(2);
if (!["build", "serve"].includes(asked)) {
	console.error(`Unknown argument "${asked}". Use: npm run docs, or npm run docs -- serve.`);
	process.exit(2);
}

if (!installed()) run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
run(process.execPath, [vitepress, "build", "."]);

const problems = problemsOf(join(site, "dist"), process.env.SITE_BASE ?? "/");
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log("site/dist: every link has a target");

if (asked === "serve") run(process.execPath, [vitepress, "preview", ".", "--host", "127.0.0.1"]);

/** Whether the installed packages are those of the lock file. */
function installed(): boolean {
	const mark = join(site, "node_modules/.package-lock.json");
	const lock = join(site, "package-lock.json");
	return existsSync(mark) && statSync(mark).mtimeMs >= statSync(lock).mtimeMs;
}

function run(command: string, args: readonly string[]): void {
	const { status, error } = spawnSync(command, args, { cwd: site, stdio: "inherit" });
	if (error !== undefined) throw error;
	if (status !== 0) process.exit(status ?? 1);
}
