import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root, run } from "./support.ts";

/** The package as users have it: packed, and unpacked into the `node_modules` of an empty project. */
export interface Installed {
	/** The project's folder. */
	folder: string;
	tarball: string;
	remove(): Promise<void>;
}

interface PackageJson {
	version: string;
	license: string;
	scripts: Record<string, string>;
	engines: { node: string };
	exports: Record<string, string | Record<string, string>>;
	dependencies?: Record<string, string>;
	peerDependencies?: Record<string, string>;
}

export const packageJson: PackageJson = JSON.parse(
	readFileSync(join(root, "package.json"), "utf8"),
);

/** The public specifiers that are modules: `edge-sse`, `edge-sse/memory` … */
export const entries: string[] = Object.keys(packageJson.exports)
	.filter((key) => !key.endsWith(".json"))
	.map((key) => `edge-sse${key.slice(1)}`);

/** The package's dependencies at run time, including optional peers. */
export const libraries: string[] = Object.keys({
	...packageJson.dependencies,
	...packageJson.peerDependencies,
});

/**
 * Installs what `npm pack` makes of the built files. The dependencies are links to this checkout's, so that
 * nothing is downloaded.
 */
export async function install(dependencies: readonly string[] = libraries): Promise<Installed> {
	const folder = await mkdtemp(join(tmpdir(), "edge-sse-installed-"));
	const remove = () => rm(folder, { recursive: true, force: true });
	try {
		const tarball = await packed(folder);
		const target = join(folder, "node_modules/edge-sse");
		await mkdir(target, { recursive: true });
		await succeed("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
		for (const name of new Set(dependencies)) {
			const link = join(folder, "node_modules", name);
			await mkdir(dirname(link), { recursive: true });
			await symlink(join(root, "node_modules", name), link);
		}
		await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
		return { folder, tarball, remove };
	} catch (error) {
		await remove();
		throw error;
	}
}

/** Puts what `npm pack` makes of the built files into a folder, and returns its path. */
export async function packed(folder: string): Promise<string> {
	await assertBuilt();
	const packing = ["pack", "--json", "--offline", "--pack-destination", folder];
	const { filename } = onlyPackage((await succeed("npm", packing)).stdout);
	return join(folder, filename);
}

export interface Pack {
	filename: string;
	files: { path: string }[];
	/** In bytes. */
	size: number;
	unpackedSize: number;
}

/** What `npm pack --json` says about the one package. */
export function onlyPackage(json: string): Pack {
	const [packed] = JSON.parse(json);
	return packed;
}

/** Runs a program that must exit with 0. */
export async function succeed(
	program: string,
	args: readonly string[],
	cwd: string = root,
	timeout?: number,
) {
	const result = await run(program, args, cwd, timeout);
	if (result.code === 0) return result;
	throw new Error(`${program} ${args.join(" ")} ended with ${result.code}:\n${result.output}`);
}

// The tests would prove nothing with a build of older sources.
async function assertBuilt(): Promise<void> {
	const [built, source] = await Promise.all([oldest(join(root, "dist")), newestSource()]);
	if (built === undefined) throw new Error("There is no dist: run `npm run build` first.");
	if (source > built) throw new Error("dist is older than src: run `npm run build` first.");
}

async function newestSource(): Promise<number> {
	return Math.max(...(await modified(join(root, "src"))).map(({ at }) => at));
}

async function oldest(folder: string): Promise<number | undefined> {
	const times = await modified(folder).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return [];
		throw error;
	});
	return times.length === 0 ? undefined : Math.min(...times.map(({ at }) => at));
}

async function modified(folder: string): Promise<{ path: string; at: number }[]> {
	const paths = await readdir(folder, { recursive: true });
	const files = await Promise.all(
		paths.map(async (path) => ({ path, stats: await stat(join(folder, path)) })),
	);
	return files
		.filter(({ stats }) => stats.isFile())
		.map(({ path, stats }) => ({ path, at: stats.mtimeMs }));
}
