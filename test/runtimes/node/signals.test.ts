import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const module = fileURLToPath(new URL("../../../src/server/process.ts", import.meta.url));
/** A process that does not end when it is told to stop. */
const program = `
	import { onShutdown } from ${JSON.stringify(module)};
	onShutdown(() => { console.log("closing"); return new Promise(() => setInterval(() => {}, 1_000)); });
	setInterval(() => {}, 1_000);
	console.log("ready");
`;

test("Ctrl-C that comes twice at once counts once, and a later one ends the process", async () => {
	const child = spawn("node", ["--input-type=module", "--eval", program], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	let output = "";
	child.stdout.setEncoding("utf8").on("data", (text: string) => {
		output += text;
	});
	const closed = once(child, "close");
	await once(child.stdout, "data");
	const begin = performance.now();
	const again = setInterval(() => child.kill("SIGINT"), 50);
	const [, signal] = await closed.finally(() => clearInterval(again));
	expect({ signal, output }).toEqual({ signal: "SIGINT", output: "ready\nclosing\n" });
	expect(performance.now() - begin).toBeGreaterThan(1_000);
});
