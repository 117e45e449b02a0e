import type { Hono } from "hono";
import { connectorFromEnvironment } from "../environment.ts";
import { ServerSentEvents } from "../sse.ts";
import { createApp } from "./app.ts";
import { defined, readSettings } from "./settings.ts";

/** A Worker's bindings: variables and secrets are strings. */
type Bindings = Record<string, unknown>;

let app: Hono | undefined;

// Variables reach a Worker with its requests, so the app is made with the first one.
function createFrom(bindings: Bindings): Hono {
	const strings = Object.entries(bindings).filter(([, value]) => typeof value === "string");
	const { host: _, port: __, publishToken, ...options } = readSettings(Object.fromEntries(strings));
	const sse = new ServerSentEvents({
		connector: () => connectorFromEnvironment(bindings),
		...defined(options),
	});
	// A Worker listens on no address of its own: the request's URL tells whether it is `wrangler dev`.
	return createApp({ sse, publishToken, listensOn: undefined });
}

export default {
	fetch(request: Request, bindings: Bindings, context: object): Response | Promise<Response> {
		app ??= createFrom(bindings);
		return app.fetch(request, bindings, context as never);
	},
};
