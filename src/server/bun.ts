import { createHub } from "./create.ts";
import { exitWith, onShutdown } from "./process.ts";

// As much of Bun as is used here: https://bun.com/docs/api/http
declare const Bun: {
	serve(options: {
		hostname: string;
		port: number;
		fetch: (request: Request, server: unknown) => Response | Promise<Response>;
	}): { port: number; stop(closeActiveConnections?: boolean): Promise<void> };
};

try {
	const hub = createHub(process.env);
	const { host, port } = hub.settings;
	const server = Bun.serve({ hostname: host, port, fetch: hub.fetch });
	onShutdown(async () => {
		await hub.close();
		await server.stop(true);
	});
	console.log(hub.announce(server.port));
} catch (error) {
	exitWith(error);
}
