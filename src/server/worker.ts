import type { Hono } from "hono";
import { type ChannelNamespace, durableObject } from "../adapters/durable-object.ts";
import { redis } from "../connectors/redis.ts";
import { connectorFromEnvironment } from "../environment.ts";
import { ServerSentEvents } from "../sse.ts";
import { createApp } from "./app.ts";
import { defined, readSettings } from "./settings.ts";

export { SseChannel } from "../adapters/durable-object.ts";

/** Variables and secrets are strings; `SSE` is the binding of `SseChannel`. */
type Bindings = Record<string, unknown> & { SSE: ChannelNamespace };

let app: Hono | undefined;

// Variables reach a Worker with its requests, so the app is made with the first one.
function createFrom(bindings: Bindings): Hono {
	const set = variables(bindings);
	const { host: _, port: __, publishToken, ...options } = readSettings(set);
	const sse = new ServerSentEvents({
		connector: () => connectorFromEnvironment(redis, bindings) ?? durableObject(bindings.SSE),
		...defined(options),
	});
	// A Worker listens on no address of its own: `npm run start:workers` tells it wrangler's, and
	// elsewhere the request's URL has to do.
	return createApp({ sse, publishToken, listensOn: set.HOST });
}

function variables(bindings: Bindings): Record<string, string> {
	return Object.fromEntries(
		Object.entries(bindings).filter(
			(entry): entry is [string, string] => typeof entry[1] === "string",
		),
	);
}

export default {
	fetch(request: Request, bindings: Bindings, context: object): Response | Promise<Response> {
		app ??= createFrom(bindings);
		return app.fetch(request, bindings, context as never);
	},
};
