/**
 * Every hook that a user can give, broken in every way, on any runtime. `/{hook}/{way}` streams with that one
 * hook broken, and `/publish` publishes to all of them.
 */
import { serve } from "@hono/node-server";
import { memory } from "../../../src/connectors/memory.ts";
import type { ServerSentEventsOptions } from "../../../src/core/options.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { onShutdown } from "../../../src/server/process.ts";

// Only what is used of the two here.
declare const Bun: {
	serve(options: object): { port: number; stop(force: boolean): Promise<void> };
};
declare const Deno: {
	serve(options: object, handler: unknown): { addr: { port: number }; shutdown(): Promise<void> };
};

const ways = {
	throws: () => {
		throw new Error("A hook that throws.");
	},
	rejects: () => Promise.reject(new Error("A hook that rejects.")),
	hangs: () => new Promise(() => undefined),
};
const hooks = ["authorize", "key", "onConnect", "onDisconnect", "onError", "connector"];
const connector = memory();
const instances = new Map<string, ServerSentEvents>();
for (const hook of hooks) {
	for (const [way, broken] of Object.entries(ways)) {
		const told: string[] = [];
		// These hooks have wrong types on purpose.
		const options = {
			connector,
			onError: (_: unknown, { stage }: { stage: string }) => told.push(stage),
			...(hook === "key" ? { limits: { perClient: { key: broken } } } : { [hook]: broken }),
			// An onError needs an error to be called with.
			...(hook === "onError" && { onConnect: ways.throws }),
		} as unknown as ServerSentEventsOptions;
		instances.set(`/${hook}/${way}`, new ServerSentEvents(options));
	}
}
const publisher = new ServerSentEvents({ connector });

async function handle(request: Request, host?: unknown): Promise<Response> {
	const { pathname } = new URL(request.url);
	if (pathname === "/publish") return Response.json(await publisher.publish("here"));
	const sse = instances.get(pathname);
	return sse === undefined ? new Response(null, { status: 404 }) : sse.fetch(request, host);
}

const options = { hostname: "127.0.0.1", port: 0 };
if ("Bun" in globalThis) {
	const server = Bun.serve({ ...options, fetch: handle, error: failed });
	ready(server.port, () => server.stop(true));
} else if ("Deno" in globalThis) {
	const server = Deno.serve({ ...options, onListen: () => undefined, onError: failed }, handle);
	ready(server.addr.port, () => server.shutdown());
} else {
	const guarded = (request: Request, host: unknown) => handle(request, host).catch(failed);
	const server = serve({ ...options, fetch: guarded }, ({ port }) =>
		ready(port, async () => {
			server.close();
			if ("closeAllConnections" in server) server.closeAllConnections();
		}),
	);
}

/** How a host answers an error is its own decision. This one answers 500. */
function failed(error: unknown): Response {
	return new Response(String(error), { status: 500 });
}

function ready(port: number, close: () => Promise<void>): void {
	onShutdown(async () => {
		await Promise.all([...instances.values()].map((sse) => sse.close()));
		// A request whose hook never returns would also keep a graceful server waiting.
		await Promise.race([close(), new Promise((resolve) => setTimeout(resolve, 500))]);
	});
	console.log(`edge-sse: listening on http://127.0.0.1:${port} (broker: memory)`);
}
