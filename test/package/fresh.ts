import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageJson, packed, succeed } from "./installed.ts";
import { root } from "./support.ts";

/** A project that was empty, and into which the tarball was installed as a user would. */
export interface Fresh {
	folder: string;
	write(name: string, text: string): Promise<string>;
	remove(): Promise<void>;
}

// From npm's own cache where it has them: a second run downloads nothing.
const npmInstall = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
/** How each installer takes a tarball. */
const installers = {
	npm: npmInstall,
	bun: ["add"],
};

/** The versions that this checkout pins, by the names of its development dependencies. */
export const pinned: Record<string, string> = JSON.parse(
	await readFile(join(root, "package.json"), "utf8"),
).devDependencies;

/** What users of some entries have installed before: the optional peers, as they are tested here. */
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

/** A release of Node is 150 MB on disk: seconds, or a minute where others want the disk, too. */
export const downloadTimeout = 150_000;

/** Downloads a release of Node or TypeScript, by npm, into a folder; where its program is. */
export async function download(name: "node" | "typescript", version: string, folder: string) {
	const home = join(folder, `${name}-${version}`);
	await mkdir(home);
	// Node's package is a script that fetches the platform's own.
	const project = { private: true, allowScripts: { node: true } };
	await writeFile(join(home, "package.json"), JSON.stringify(project));
	await succeed("npm", [...npmInstall, `${name}@${version}`], home, downloadTimeout);
	return join(home, "node_modules/.bin", name === "node" ? "node" : "tsc");
}
