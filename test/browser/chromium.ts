import { existsSync } from "node:fs";
import { chromiumPath } from "../../scripts/tools.ts";

/** Chromium's arguments, however it is started: headless, and without requests of its own to the network. */
export const chromiumArguments: readonly string[] = [
	"--headless",
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

/** The path of Chromium, as installed or at `CHROMIUM_PATH`: nothing is downloaded. */
export function chromiumExecutable(): string {
	const path = process.env.CHROMIUM_PATH || chromiumPath();
	if (!existsSync(path)) throw new Error(`CHROMIUM_PATH: there is no ${path}.`);
	return path;
}
