import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { atExit } from "../support/at-exit.ts";
import { patience, within } from "../support/wait.ts";
import { chromiumArguments, chromiumExecutable } from "./chromium.ts";

export interface PlainBrowser {
	/** Its one window. */
	readonly context: BrowserContext;
	close(): Promise<void>;
}

/**
 * Chromium with its normal settings: background tabs are hidden and can be frozen, and there is a back/forward
 * cache. Playwright tells every tab that it is in front, which keeps it from being frozen, and switches that
 * cache off.
 */
export async function openPlainBrowser(): Promise<PlainBrowser> {
	const profile = mkdtempSync(join(tmpdir(), "edge-sse-browser-"));
	const child = spawn(
		chromiumExecutable(),
		[
			...chromiumArguments,
			"--remote-debugging-port=0",
			`--user-data-dir=${profile}`,
			"about:blank",
		],
		{ detached: true, stdio: ["ignore", "ignore", "pipe"] },
	);
	const closed = once(child, "close");
	const kill = () => {
		// Its renderers are in its process group.
		if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
		rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
	};
	atExit(kill);
	let output = "";
	const announced = new Promise<string>((resolve, reject) => {
		child.stderr.on("data", (chunk: Buffer) => {
			output += chunk.toString();
			const [, address] = /listening on (ws:\S+)/.exec(output) ?? [];
			if (address !== undefined) resolve(address);
		});
		child.once("error", reject);
		child.once("close", () => reject(new Error(`Chromium ended: ${output}`)));
	});
	const address = await within(announced, patience, "the start of Chromium");
	const browser = await chromium.connectOverCDP(address, { noDefaults: true });
	const [context] = browser.contexts();
	if (context === undefined) throw new Error("Chromium has no window.");
	return {
		context,
		close: async () => {
			// When it closes itself, it writes its profile and ends all that it started.
			const session = await browser.newBrowserCDPSession();
			await session.send("Browser.close");
			await within(closed, patience, "the end of Chromium");
			kill();
		},
	};
}
