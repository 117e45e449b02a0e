import { spawn } from "node:child_process";
import { notFound, paths, refused } from "../request-filter.ts";
import { reusedPort } from "./reused-port.ts";
import type { Fork, Listen } from "./runtime.ts";

// The part of Bun that is used here: https://bun.com/docs/api/http
declare const Bun: {
	serve(options: {
		hostname: string;
		port: number;
		reusePort: boolean;
		routes: Record<string, Handler>;
		fetch: Handler;
	}): { port: number; stop(closeActiveConnections?: boolean): Promise<void> };
};

type Handler = (request: Request, server: unknown) => Response | Promise<Response>;

export const listen: Listen = async ({ settings, fetch, requestFilter }, isShared = false) => {
	const server = Bun.serve({
		...{ hostname: settings.host, port: settings.port, reusePort: isShared },
		// Bun resolves dots in a request's URL. Only its router sees the raw target.
		routes: Object.fromEntries(paths.map((path) => [path, fetch])),
		fetch: (request) => refused(requestFilter("*", request.headers.get("host")) ?? notFound),
	});
	return {
		port: server.port,
		// Not awaited: the promise resolves when the last stream has ended.
		refuse: () => void server.stop(false),
		stop: () => server.stop(true),
	};
};

export const fork: Fork = (args, environment) =>
	spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...args], {
		stdio: ["ignore", "inherit", "inherit", "ipc"],
		env: { ...process.env, ...environment },
	});

export const share = reusedPort;
