import type { Hono } from "hono";
import { redis } from "../connectors/redis.ts";
import { ServerSentEvents } from "../core/sse.ts";
import {
	type ChannelNamespace,
	SseChannel as ChannelObject,
	durableObject,
} from "../durable-object.ts";
import { connectorFromEnvironment, historyFromEnvironment } from "../environment.ts";
import type { PublishEnv } from "./access.ts";
import { createApp } from "./app.ts";
import { readAuth } from "./auth.ts";
import { logError } from "./log.ts";
import { readSettings } from "./settings.ts";

/** Variables and secrets are strings; `SSE` is the binding of `SseChannel`. */
type Bindings = Record<string, unknown> & { SSE: ChannelNamespace };

let app: Hono<PublishEnv> | undefined;

// Variables reach a Worker with its requests, so the app is made with the first one.
function createFrom(bindings: Bindings): Hono<PublishEnv> {
	const set = variables(bindings);
	const { publishToken, metricsToken, cors, options } = readSettings(set);
	const { authorize, authorizePublish } = readAuth(set);
	const sse = new ServerSentEvents({
		connector: () =>
			connectorFromEnvironment(redis, bindings) ??
			durableObject(bindings.SSE, { history: historyFromEnvironment(bindings) }),
		...options,
		authorize,
		onError: logError,
	});
	// A Worker listens on no address of its own: `npm run start:workers` tells it wrangler's, and
	// elsewhere the request's URL has to do.
	return createApp({
		...{ sse, publishToken, authorizePublish, metricsToken, cors },
		listensOn: set.HOST,
		metrics: undefined,
	});
}

/** The streams are the object's own, and so are their settings. */
export class SseChannel extends ChannelObject<Bindings> {
	protected override readonly options = {
		...readSettings(variables(this.env)).options,
		// The Worker has held the request to these already.
		channels: undefined,
		onError: logError,
	};
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
