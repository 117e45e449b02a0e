import { once } from "node:events";
import { printable } from "./text.ts";

/** Writes a line to standard output, and waits while its reader has no room. */
export async function writeLine(line: string): Promise<void> {
	if (process.stdout.write(`${line}\n`)) return;
	await once(process.stdout, "drain");
}

/** Prints a remark that is no result. It goes to standard error. */
export function note(line: string): void {
	process.stderr.write(`edge-sse: ${printable(line)}\n`);
}

/** A reader that leaves, as `| head -1` does, is no failure. */
export function endWithReader(): void {
	process.stdout.on("error", (error: NodeJS.ErrnoException) => {
		process.exit(error.code === "EPIPE" ? 0 : 1);
	});
}
