import { spawn } from "node:child_process";
import process from "node:process";
import { reusedPort } from "./reused-port.ts";
import type { Fork, Listen } from "./runtime.ts";

// The part of Deno that is used here: https://docs.deno.com/api/deno/~/Deno.serve
declare const Deno: {
	readonly mainModule: string;
	execPath(): string;
	serve(
		options: { hostname: string; port: number; reusePort: boolean; onListen: () => void },
		handler: (request: Request, info: unknown) => Response | Promise<Response>,
	): { readonly addr: { port: number }; shutdown(): Promise<void> };
};

/** How long requests may take after all streams have ended, in ms. */
const lastRequests = 2_000;

export const listen: Listen = async ({ settings, fetch }, isShared = false) => {
	const { host: hostname, port } = settings;
	// Deno's own line is suppressed. Ours follows, once signals are handled.
	const server = Deno.serve(
		{ hostname, port, reusePort: isShared, onListen: () => undefined },
		fetch,
	);
	let ended: Promise<void> | undefined;
	const shutDown = () => {
		ended ??= server.shutdown();
		return ended;
	};
	return {
		port: server.addr.port,
		refuse: () => void shutDown(),
		// The shutdown waits for every request, and one of them may never end.
		stop: () =>
			Promise.race([shutDown(), new Promise<void>((late) => setTimeout(late, lastRequests))]),
	};
};

/** What a child may do: what `npm run start:deno` allows, and share a port. It starts no processes. */
const allowed = ["--no-prompt", "--unstable-net", "--allow-net", "--allow-env", "--allow-read"];

export const fork: Fork = (args, environment) =>
	spawn(Deno.execPath(), ["run", ...allowed, Deno.mainModule, ...args], {
		stdio: ["ignore", "inherit", "inherit", "ipc"],
		env: { ...process.env, ...environment },
	});

export const share = reusedPort;
