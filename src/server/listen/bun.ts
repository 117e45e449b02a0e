import { notFound, paths, refused } from "../door.ts";
import type { Listen } from "../listening.ts";

// The part of Bun that is used here: https://bun.com/docs/api/http
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
		// Bun resolves dots in a request's URL. Only its router sees the raw target.
		routes: Object.fromEntries(paths.map((path) => [path, fetch])),
		fetch: (request) => refused(door("*", request.headers.get("host")) ?? notFound),
	});
	return { port: server.port, stop: () => server.stop(true) };
};
