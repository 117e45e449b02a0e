import { notFound, paths, refused } from "../door.ts";
import type { Listen } from "../listening.ts";

// As much of Bun as is used here: https://bun.com/docs/api/http
declare const Bun: {
	serve(options: {
		hostname: string;
		port: number;
		routes: Record<string, Handler>;
		fetch: Handler;
	}): { port: number; stop(closeActiveConnections?: boolean): Promise<void> };
};

type Handler = (request: Request, server: unknown) => Response | Promise<Response>;

export const listen: Listen = async ({ settings, fetch, door }) => {
	const server = Bun.serve({
		...{ hostname: settings.host, port: settings.port },
		// A request's URL has its dots resolved here: only the router sees the target as it came.
		routes: Object.fromEntries(paths.map((path) => [path, fetch])),
		fetch: (request) => refused(door("*", request.headers.get("host")) ?? notFound),
	});
	return { port: server.port, stop: () => server.stop(true) };
};
