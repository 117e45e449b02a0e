import type { Connector } from "../core/connector.ts";
import { ConfigurationError } from "../core/errors.ts";
import { ServerSentEvents } from "../core/sse.ts";
import { streamBudgets } from "../durable-object/options.ts";
import {
	type ChannelNamespace,
	SseChannel as ChannelObject,
	type DurableObjectOptions,
	durableObject,
} from "../durable-object.ts";
import { historyFromEnvironment } from "../environment.ts";
import { createApp } from "./app.ts";
import { readAuth } from "./auth.ts";
import { brokerFrom } from "./broker.ts";
import { logError, logFailure } from "./log.ts";
import { hubPresence } from "./presence.ts";
import { hubRelays } from "./relays.ts";
import { createRequestFilter, filtered } from "./request-filter.ts";
import { runsOf } from "./run.ts";
import { readSettings } from "./settings.ts";
import type { Environment } from "./variables.ts";

/** Variables and secrets are strings; `SSE` is the binding of `SseChannel`. */
type Bindings = Record<string, unknown> & { SSE: ChannelNamespace };

type Fetch = (
	request: Request,
	bindings: Bindings,
	context: object,
) => Response | Promise<Response>;

let hub: Fetch | undefined;

// Variables reach a Worker with its requests, so the hub is made with the first one.
function createFrom(bindings: Bindings): Fetch {
	const set = variables(bindings);
	// A Worker has no address of its own. `npm run start:workers` passes the one of wrangler.
	const {
		options,
		hosts,
		compression,
		hold,
		workersPlan = "paid",
		webhook,
		processes,
		...settings
	} = readSettings({ HOST: "0.0.0.0", ...set });
	if (compression !== undefined) {
		throw new ConfigurationError(
			"SSE_COMPRESS: not on Workers, where each stream would be compressed by itself, and never once for many. " +
				"Unset it.",
		);
	}
	if (webhook !== undefined) {
		throw new ConfigurationError(
			"SSE_WEBHOOK_URL: not on Workers, where no process sees all streams of a channel, and none outlives a request " +
				"to try again. Unset it.",
		);
	}
	if (processes !== undefined) {
		throw new ConfigurationError(
			"SSE_PROCESSES: not on Workers, where Cloudflare decides how many isolates run. Unset it.",
		);
	}
	const { authorize, ...rights } = readAuth(set);
	const broker = brokerFrom(set, bindings);
	if (broker !== undefined && hold !== undefined) {
		throw new ConfigurationError(
			"SSE_HOLD: only for Durable Objects, and a broker is set. Unset one of them.",
		);
	}
	const sse = new ServerSentEvents({
		connector: broker ?? ownObjects(bindings, { history: historyFromEnvironment(bindings), hold }),
		...options,
		// This holds for every broker, because each stream that is made here uses CPU time of its request.
		limits: { ...options.limits, perStream: streamBudgets[workersPlan] },
		authorize,
		onError: logError,
	});
	const runs = runsOf(sse, settings.runsPrefix, options.channels?.allowed);
	const { authorizePublish } = rights;
	const presence = hubPresence(sse, settings.countsMembers, authorizePublish !== undefined);
	const relays = hubRelays(sse, settings.relayToken);
	const more = { ...rights, authorizePublish, presence, relays, metrics: undefined };
	const app = createApp({ ...settings, sse, runs, ...more });
	const requestFilter = createRequestFilter(hosts);
	return (request, bindings, context) =>
		filtered(requestFilter, () => app.fetch(request, bindings, context as never))(
			request,
			bindings,
		);
}

function ownObjects({ SSE }: Bindings, options: DurableObjectOptions): Connector {
	try {
		return durableObject(SSE, options);
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		throw new ConfigurationError(`No broker is configured. ${error.message}`);
	}
}

/**
 * A Worker cannot refuse to start. So it answers each request with what is wrong, and logs it once. The message holds no
 * value.
 */
function misconfigured(error: ConfigurationError): Fetch {
	logFailure("start", error);
	return () => Response.json({ error: error.message }, { status: 503 });
}

/** The object that holds a channel's streams. It reads their settings from the same variables as the Worker. */
export class SseChannel extends ChannelObject<Bindings> {
	protected override readonly options = {
		...readSettings(variables(this.env)).options,
		// The Worker has already checked the request's channels.
		channels: undefined,
		onError: logError,
	};
}

function variables(bindings: Bindings): Environment {
	return Object.fromEntries(
		Object.entries(bindings).filter(
			(entry): entry is [string, string] => typeof entry[1] === "string",
		),
	);
}

export default {
	fetch(request: Request, bindings: Bindings, context: object): Response | Promise<Response> {
		try {
			hub ??= createFrom(bindings);
		} catch (error) {
			if (!(error instanceof ConfigurationError)) throw error;
			hub = misconfigured(error);
		}
		return hub(request, bindings, context);
	},
};
