import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageJson, packed, succeed } from "./installed.ts";
import { root } from "./support.ts";

/** A project that was empty, into which the tarball was installed as a user would. */
export interface Fresh {
	folder: string;
	write(name: string, text: string): Promise<string>;
	remove(): Promise<void>;
}

// Prefers npm's own cache, so that a second run downloads nothing.
const npmInstall = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
/** How each installer takes a tarball. */
const installers = {
	npm: npmInstall,
	bun: ["add"],
};

/** The versions that this checkout pins for its development dependencies. */
export const pinned: Record<string, string> = JSON.parse(
	await readFile(join(root, "package.json"), "utf8"),
).devDependencies;

/** The optional peers that users install for some entries, in the tested versions. */
const peers = Object.keys(packageJson.peerDependencies ?? {}).map(
	(name) => `${name}@${pinned[name] ?? "latest"}`,
);

export async function fresh(
	installer: keyof typeof installers = "npm",
	others: readonly string[] = peers,
): Promise<Fresh> {
	const folder = await mkdtemp(join(tmpdir(), "edge-sse-fresh-"));
	const remove = () => rm(folder, { recursive: true, force: true });
	const write = async (name: string, text: string) => {
		await writeFile(join(folder, name), text);
		return join(folder, name);
	};
	try {
		await write("package.json", '{ "type": "module", "private": true }\n');
		const tarball = await packed(folder);
		await succeed(installer, [...installers[installer], tarball, ...others], folder);
		return { folder, write, remove };
	} catch (error) {
		await remove();
		throw error;
	}
}

/** A release of Node is 150 MB on disk. That takes seconds, or a minute on a busy disk. */
export const downloadTimeout = 150_000;

/** Downloads a release of Node or TypeScript by npm. Returns the path of its program. */
export async function download(name: "node" | "typescript", version: string, folder: string) {
	const home = join(folder, `${name}-${version}`);
	await mkdir(home);
	// Node's package has an install script that fetches the platform's own.
	const project = { private: true, allowScripts: { node: true } };
	await writeFile(join(home, "package.json"), JSON.stringify(project));
	await succeed("npm", [...npmInstall, `${name}@${version}`], home, downloadTimeout);
	return join(home, "node_modules/.bin", name === "node" ? "node" : "tsc");
}
