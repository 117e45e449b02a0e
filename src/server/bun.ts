import { createHub } from "./create.ts";
import { notFound, paths, refused } from "./door.ts";
import { exitWith, onShutdown } from "./process.ts";

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

try {
	const hub = createHub(process.env);
	const { host, port } = hub.settings;
	const server = Bun.serve({
		...{ hostname: host, port },
		// A request's URL has its dots resolved here: only the router sees the target as it came.
		routes: Object.fromEntries(paths.map((path) => [path, hub.fetch])),
		fetch: (request) => refused(hub.door("*", request.headers.get("host")) ?? notFound),
	});
	onShutdown(async () => {
		await hub.close();
		await server.stop(true);
	});
	console.log(hub.announce(server.port));
} catch (error) {
	exitWith(error);
}
