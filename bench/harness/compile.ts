/** Compiles the load generator and the floor at the start. They are C, and take a second. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "../../test/support/at-exit.ts";
import { outputOf, root } from "./machine.ts";

/** @returns the paths of the programs, in a directory that is removed when this process ends. */
export function compile(): { load: string; floor: string } {
	if (process.platform !== "linux") throw new Error("The benchmark reads /proc: it needs Linux.");
	if (outputOf("cc", ["--version"]) === undefined) {
		throw new Error(
			"The load generator needs a C compiler: apt-get install gcc libc6-dev zlib1g-dev.",
		);
	}
	const directory = mkdtempSync(join(tmpdir(), "edge-sse-bench-"));
	atExit(() => rmSync(directory, { recursive: true, force: true }));
	const program = (name: string) => {
		const folder = join(root, "bench", name);
		const sources = readdirSync(folder).filter((file) => file.endsWith(".c"));
		const path = join(directory, name);
		execFileSync("cc", ["-O2", "-pthread", "-o", path, ...sources, "-lz"], {
			cwd: folder,
			stdio: "inherit",
		});
		return path;
	};
	return { load: program("load"), floor: program("floor") };
}
