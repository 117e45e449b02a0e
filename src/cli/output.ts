import { once } from "node:events";
import { printable } from "./text.ts";

/** Writes a line to standard output, and waits while whoever reads it has no room. */
export async function writeLine(line: string): Promise<void> {
	if (process.stdout.write(`${line}\n`)) return;
	await once(process.stdout, "drain");
}

/** What is said about the work, and is no result of it. */
export function note(line: string): void {
	process.stderr.write(`edge-sse: ${printable(line)}\n`);
}

/** Whoever reads may leave, as `| head -1` does: that is no failure. */
export function endWithReader(): void {
	process.stdout.on("error", (error: NodeJS.ErrnoException) => {
		process.exit(error.code === "EPIPE" ? 0 : 1);
	});
}
