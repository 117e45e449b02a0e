import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";

const directories = new Set<string>();
atExit(() => {
	for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A directory that is removed with this process. */
export function temporaryDirectory(): string {
	return directoryIn(tmpdir());
}

/**
 * A directory for objects' storage, which is removed with this process. It is in memory where the system offers
 * that: it outlives workerd as a disk does, and parallel tests do not wait for each other's disk.
 */
export function storageDirectory(): string {
	return directoryIn(existsSync("/dev/shm") ? "/dev/shm" : tmpdir());
}

export function removeDirectory(directory: string): void {
	rmSync(directory, { recursive: true, force: true });
	directories.delete(directory);
}

function directoryIn(parent: string): string {
	const directory = mkdtempSync(join(parent, "edge-sse-"));
	directories.add(directory);
	return directory;
}
