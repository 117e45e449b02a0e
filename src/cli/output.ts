import { once } from "node:events";
import { printable } from "./text.ts";

/** Writes a line to standard output, and waits while its reader has no room. */
export async function writeLine(line: string): Promise<void> {
	if (process.stdout.write(`${line}\n`)) return;
	await once(process.stdout, "drain");
}

/** Prints a remark to standard error, where it does not mix with results. */
export function note(line: string): void {
	process.stderr.write(`edge-sse: ${printable(line)}\n`);
}

/** Ends the command when the reader of its output leaves, as `| head -1` does. That is not a failure. */
export function endWithReader(): void {
	process.stdout.on("error", (error: NodeJS.ErrnoException) => {
		process.exit(error.code === "EPIPE" ? 0 : 1);
	});
}
