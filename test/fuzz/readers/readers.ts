import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openBrowser } from "../../browser/support.ts";
import { atExit } from "../../support/at-exit.ts";
import { root } from "../../support/server.ts";
import { listen, type Order } from "./listen.ts";

/** Another implementation of EventSource, in its own host. */
export interface Reader {
	readonly name: string;
	/** A character that it may lose, against the standard. It gets a substitute instead. */
	readonly loses?: string;
	/** @returns JSON of what it heard: types, data, last event IDs. */
	read(order: Order): Promise<string>;
	close(): Promise<void>;
}

const running = new Set<ChildProcess>();
atExit(() => {
	for (const child of running) child.kill("SIGKILL");
});

/** @param origin of the streams, because a page may read no other. */
export async function chromiumReader(origin: string): Promise<Reader> {
	const browser = await openBrowser();
	const page = await browser.newPage();
	await page.goto(origin);
	return {
		name: "Chromium",
		read: (order) => page.evaluate(listen, order),
		close: () => browser.close(),
	};
}

/**
 * Deno 2.9.5 decodes with a TextDecoder that removes a U+FEFF at the start of every network chunk, and not only
 * at the start of the stream. What is heard so depends on the network. Seen with `decode(…, { stream: true })`
 * alone, and not with `ignoreBOM`. Node and Chromium keep the character.
 */
export function denoReader(): Reader {
	const args = ["run", "--no-prompt", "--no-config", "--allow-net"];
	return { ...programReader("Deno", "deno", args), loses: "\ufeff" };
}

export function nodeReader(): Reader {
	return programReader("Node", "node", ["--experimental-eventsource", "--no-warnings"]);
}

function programReader(name: string, command: string, args: readonly string[]): Reader {
	const program = join(dirname(fileURLToPath(import.meta.url)), "program.ts");
	const child = spawn(join(root, "node_modules/.bin", command), [...args, program], {
		stdio: ["pipe", "pipe", "pipe"],
		env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
	});
	running.add(child);
	const over = once(child, "close").finally(() => running.delete(child));
	let complaints = "";
	child.stderr.on("data", (chunk: Buffer) => {
		complaints = (complaints + chunk.toString()).slice(-4_000);
	});
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	return {
		name,
		async read(order) {
			child.stdin.write(`${encodeURIComponent(JSON.stringify(order))}\n`);
			const { done, value } = await lines.next();
			if (done) throw new Error(`${name} ended: ${complaints}`);
			return decodeURIComponent(value);
		},
		async close() {
			child.kill("SIGKILL");
			await over;
		},
	};
}
