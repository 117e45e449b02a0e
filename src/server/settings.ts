import { namesProblem } from "../auth/claim.ts";
import { ConfigurationError } from "../core/errors.ts";
import type { ServerSentEventsOptions } from "../core/options.ts";
import type { CorsOptions } from "../core/request/cors.ts";
import { hostsFrom, listensOnLoopback } from "./hosts.ts";
import { corsFrom } from "./origins.ts";
import { type Publishing, publishingFrom } from "./publishing.ts";
import {
	bearerToken,
	type Environment,
	flag,
	list,
	longestTimer,
	refuseEmpty,
	whole,
} from "./variables.ts";

/** What the hub reads from its environment. */
export interface Settings {
	/** Address to listen on. */
	host: string;
	/** 0: the system chooses. */
	port: number;
	/** Who may publish over HTTP. */
	publishing: Publishing;
	/**
	 * Besides loopback's, the names by which requests may call the hub. Undefined: by any, as it listens on
	 * more than loopback and none is named.
	 */
	hosts: readonly string[] | undefined;
	/** Required as a bearer token to read `/metrics`. */
	metricsToken: string | undefined;
	/** Over how many ms streams are ended when the process is told to stop. */
	drain: number;
	/** Which other origins' pages may use the hub. */
	cors: CorsOptions | undefined;
	/** Whether clients that come and go are logged, and not errors alone. */
	logsConnections: boolean;
	/** Options of the library; undefined: its own default. */
	options: Omit<ServerSentEventsOptions, "connector">;
}

/** @throws {ConfigurationError} that names the variable and its rule. */
export function readSettings(environment: Environment): Settings {
	refuseEmpty(environment);
	const host = hostFrom(environment) ?? "127.0.0.1";
	const isOnLoopback = listensOnLoopback(host);
	return {
		host,
		port: whole(environment, "PORT", { most: 65_535 }) ?? 8787,
		publishing: publishingFrom(environment, isOnLoopback),
		hosts: hostsFrom(environment) ?? (isOnLoopback ? [] : undefined),
		metricsToken: bearerToken(environment, "SSE_METRICS_TOKEN"),
		drain: whole(environment, "SSE_DRAIN", { most: longestTimer }) ?? 5_000,
		cors: corsFrom(environment),
		logsConnections: flag(environment, "SSE_LOG_CONNECTIONS") ?? false,
		options: libraryOptions(environment),
	};
}

function libraryOptions(environment: Environment): Settings["options"] {
	const limit = (name: string) =>
		whole(environment, name, {
			least: 1,
			instead: " There is always a limit; for more, raise it.",
		});
	const instead = " Keep-alives are never off: they find the clients that have left.";
	return {
		keepAlive: whole(environment, "SSE_KEEP_ALIVE", { least: 1, most: longestTimer, instead }),
		ping: flag(environment, "SSE_PING"),
		linger: whole(environment, "SSE_LINGER", { most: longestTimer }),
		limits: {
			connections: limit("SSE_MAX_CONNECTIONS"),
			bufferedBytes: limit("SSE_MAX_BUFFERED_BYTES"),
			messageBytes: limit("SSE_MAX_MESSAGE_BYTES"),
		},
		// 0 is for ever, and so is nothing.
		maxDuration: whole(environment, "SSE_MAX_DURATION") || undefined,
		channels: {
			allowed: channelsFrom(environment),
			prefix: environment.SSE_CHANNEL_PREFIX,
		},
	};
}

function hostFrom({ HOST: host }: Environment): string | undefined {
	// An address of IPv6 has brackets in a URL, and none where a server listens.
	const bare = host?.replace(/^\[(.*)\]$/, "$1");
	if (bare === undefined || !/[\s/?#@[\]]|^[^:]*:[^:]*$/.test(bare)) return bare;
	throw new ConfigurationError("HOST must be a name or an address, without scheme or port.");
}

function channelsFrom(environment: Environment): string[] | undefined {
	const names = list(environment, "SSE_CHANNELS");
	const problem = names && namesProblem(names);
	if (problem === undefined) return names;
	throw new ConfigurationError(`SSE_CHANNELS: ${problem}`);
}
