import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));
const bin = join(root, "node_modules/.bin");

export interface Run {
	/** The exit code. */
	code: number;
	stdout: string;
	/** Both streams, for a failure's message. */
	output: string;
}

/** Runs a program of this checkout (including its own `node`) to its end. Resolves for any exit code. */
export function run(
	program: string,
	args: readonly string[],
	cwd: string = root,
	timeout: number = 50_000,
): Promise<Run> {
	// Debian has nats-server there, and only root's path includes it.
	const PATH = `${bin}:${process.env.PATH}:/usr/sbin`;
	const env = { ...process.env, PATH, NO_COLOR: "1" };
	const { promise, resolve, reject } = Promise.withResolvers<Run>();
	execFile(
		program,
		args,
		{ cwd, env, maxBuffer: 64 * 1024 * 1024, timeout },
		(error, stdout, stderr) => {
			const code = error === null ? 0 : error.code;
			// A program that could not start or was killed has no exit code.
			if (typeof code !== "number") reject(error);
			else resolve({ code, stdout, output: stdout + stderr });
		},
	);
	return promise;
}

/** An empty folder that is removed after the test. */
export function temporaryFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "edge-sse-package-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

/**
 * The files that must not know a runtime or client library, as paths from the root: the core, and the embedded
 * default.
 */
export function portableFiles(): string[] {
	const files = readdirSync(join(root, "src/core"), { recursive: true, encoding: "utf8" });
	const core = files.filter((file) => file.endsWith(".ts")).map((file) => `src/core/${file}`);
	return [...core, "src/connectors/memory.ts"];
}
