import { gzip } from "../compress.ts";
import { memory } from "../connectors/memory.ts";
import type { Connector } from "../core/connector.ts";
import { ConfigurationError } from "../core/errors.ts";
import { ServerSentEvents } from "../core/sse.ts";
import { historyFromEnvironment } from "../environment.ts";
import { startLines } from "./announce.ts";
import { createApp } from "./app.ts";
import { readAuth } from "./auth.ts";
import { brokerFrom } from "./broker.ts";
import { connectionLog, logError } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { hubPresence, subjectOf } from "./presence.ts";
import { hubRelays } from "./relays.ts";
import { createRequestFilter, filtered, type RequestFilter } from "./request-filter.ts";
import { runsOf } from "./run.ts";
import { readSettings, type Settings } from "./settings.ts";
import type { Environment } from "./variables.ts";
import { together, Webhooks } from "./webhook/events.ts";
import { alone, type Whole } from "./whole.ts";

/** The time to drain is at most this long for each client, in ms. */
const drainPerClient = 10;

type Fetch = (request: Request, host?: unknown) => Response | Promise<Response>;

/** What a process needs when it is one of several. */
export interface Share {
	/** Reaches the parent's broker. Undefined: the environment names a broker. */
	connector: Connector | undefined;
	/** Counts over all processes. */
	whole: Whole;
}

export interface ServerHub {
	/** Answers a request, after the filter has accepted it. */
	fetch: Fetch;
	/** The check of requests, for hosts that show the raw target elsewhere than in the URL. */
	requestFilter: RequestFilter;
	/** The same as `fetch`, without the filter. */
	unfilteredFetch: Fetch;
	settings: Settings;
	sse: ServerSentEvents;
	/** The broker's name. */
	broker: string;
	/** The address on a port, without a slash at the end. */
	addressOf(port: number): string;
	/** What the server prints once it accepts connections. */
	announce(port: number): string;
	/**
	 * Ends all streams, spread over `SSE_DRAIN`. Meanwhile `/readyz` says that no more are
	 * accepted.
	 */
	close(): Promise<void>;
}

/**
 * The hub of a server. The environment sets its options and its broker; without one, the broker
 * is in memory.
 *
 * @param share for one process of several.
 * @throws {ConfigurationError} that names the variable.
 */
export function createHub(environment: Environment, share?: Share): ServerHub {
	const settings = readSettings(environment);
	const { host, drain, options, publishing, compression, hold, workersPlan, ...rest } = settings;
	if (hold !== undefined) {
		throw new ConfigurationError("SSE_HOLD: only on Workers, with Durable Objects. Unset it.");
	}
	if (workersPlan !== undefined) {
		throw new ConfigurationError(
			"SSE_WORKERS_PLAN: only on Workers. Elsewhere a stream has no end by its CPU time. Unset it.",
		);
	}
	const { authorize, ...rights } = readAuth(environment);
	const webhooks = settings.webhook && new Webhooks(settings.webhook);
	const isSigned = rights.authorizePublish !== undefined;
	const sse = new ServerSentEvents({
		connector:
			share?.connector ?? brokerFrom(environment) ?? memory({ history: historyFromEnvironment() }),
		...options,
		// The key lets `disconnect()` find a client's streams. Their number is not limited here.
		...(isSigned && {
			limits: {
				...options.limits,
				perClient: { key: subjectOf, connections: Number.MAX_SAFE_INTEGER },
			},
		}),
		compress: compression && gzip(compression),
		authorize,
		...together([settings.logsConnections ? connectionLog : [], webhooks ?? []].flat()),
		onError: logError,
	});
	const { name } = sse.connector;
	const whole = share?.whole ?? alone(sse);
	const relays = hubRelays(sse, settings.relayToken);
	const app = createApp({
		...{ sse, ...rest, publishing, ...rights },
		authorizePublish: rights.authorizePublish,
		presence: hubPresence(sse, settings.countsMembers, isSigned),
		metrics: createMetrics(sse, whole),
		...{ relays, whole },
		runs: runsOf(sse, settings.runsPrefix, options.channels?.allowed),
	});
	const requestFilter = createRequestFilter(settings.hosts);
	const addressOf = (port: number) => `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
	return {
		...{ sse, broker: name, addressOf },
		fetch: filtered(requestFilter, app.fetch),
		requestFilter,
		unfilteredFetch: app.fetch,
		settings,
		announce: (port) => startLines(addressOf(port), name, publishing),
		// A few clients can reconnect at once, so they need not wait for the whole drain.
		close: async () => {
			relays?.close();
			await sse.close({ drain: Math.min(drain, sse.stats().connections * drainPerClient) });
			await webhooks?.close();
		},
	};
}
