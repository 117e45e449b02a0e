import { temporaryDirectory } from "../support/directories.ts";
import { type Server, startProgram } from "../support/server.ts";

/**
 * Runs a README's `wrangler dev` on a system-chosen port, with state in a folder of the test and the variables
 * of `.dev.vars`.
 */
export function wranglerDev(
	words: readonly string[],
	vars: Record<string, string>,
): Promise<Server> {
	const port = words.indexOf("--port");
	if (port < 0) throw new Error(`The README's command names a port: ${words.join(" ")}`);
	const command = [...words.slice(0, port), "--port", "0", ...words.slice(port + 2)];
	const own = ["--ip", "127.0.0.1", "--inspector-port", "0", "--persist-to", temporaryDirectory()];
	const given = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
	return startProgram([...command, ...own, ...given], { announces: /\bReady on (http:\S+)/ });
}
