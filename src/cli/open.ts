import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServerHub } from "../server/create.ts";
import { variables } from "../server/variable-table.ts";
import { note } from "./output.ts";

/** How long the file with the token exists, in ms. A browser that starts reads it within seconds. */
const lifetime = 60_000;

/**
 * Opens the hub's page in the user's browser. The token goes through a file that only the user can read. In the address it
 * would be an argument of the browser, which every user of the machine can list.
 */
export function openPage({ settings, addressOf }: ServerHub, port: number): void {
	const { publishing } = settings;
	const url = `${reachable(addressOf(port))}/`;
	const token = publishing.by === "token" ? publishing.token : undefined;
	const target =
		token === undefined ? url : handedOver(`${url}#token=${encodeURIComponent(token)}`);
	const [program = "", ...args] = openers[process.platform] ?? ["xdg-open"];
	const options = { stdio: "ignore", detached: true, env: withoutSecrets() } as const;
	const opener = spawn(program, [...args, target], options);
	const failed = () => note(`no browser could be opened; the page is ${url}`);
	opener.on("error", failed).on("exit", (code) => (code === 0 ? undefined : failed()));
	opener.unref();
}

const openers: Partial<Record<NodeJS.Platform, readonly string[]>> = {
	darwin: ["open"],
	win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** The browser does not need the hub's variables, and would pass them on to what it starts. */
function withoutSecrets(): NodeJS.ProcessEnv {
	const ours = variables.map(({ name }) => name);
	const others = Object.entries(process.env).filter(([name]) => !ours.includes(name));
	return Object.fromEntries(others);
}

function handedOver(address: string): string {
	const { url, remove } = handOver(address);
	process.on("exit", remove);
	setTimeout(remove, lifetime).unref();
	return url;
}

/** Writes a page that redirects to the address into a new folder. */
export function handOver(address: string): { url: string; remove(): void } {
	const folder = mkdtempSync(join(tmpdir(), "edge-sse-open-"));
	const file = join(folder, "open.html");
	// In this JSON, no character of a token can end the script.
	const text = JSON.stringify(address).replaceAll("<", "\\u003c");
	const html = `<!doctype html><meta charset="utf-8"><title>edge-sse</title><script>location.replace(${text})</script>\n`;
	writeFileSync(file, html, { mode: 0o600, flag: "wx" });
	return {
		url: pathToFileURL(file).href,
		remove: () => rmSync(folder, { recursive: true, force: true }),
	};
}

/** Returns an address that reaches the hub. For a hub that listens on every address it is loopback. */
function reachable(url: string): string {
	return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
}
