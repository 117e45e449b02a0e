import { namesProblem } from "../auth/claim.ts";
import type { GzipOptions } from "../compress.ts";
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
import { type WebhookSettings, webhookFrom } from "./webhook/settings.ts";

/** What the hub reads from its environment. */
export interface Settings {
	/** The address to listen on. */
	host: string;
	/** The port. 0: the system chooses it. */
	port: number;
	/** Who may publish over HTTP. */
	publishing: Publishing;
	/**
	 * The names by which requests may call the hub, besides loopback's. Undefined: any name,
	 * because the hub listens on more than loopback and no name is set.
	 */
	hosts: readonly string[] | undefined;
	/** The bearer token that `/metrics` requires. */
	metricsToken: string | undefined;
	/** The bearer token that `/relay` requires. Undefined: this hub is not relayed. */
	relayToken: string | undefined;
	/** How long to spread the ends of streams when the process is stopped, in ms. */
	drain: number;
	/** Which other origins' pages may use the hub. */
	cors: CorsOptions | undefined;
	/** Whether clients that connect and leave are logged as well as errors. */
	logsConnections: boolean;
	/** Where webhooks go. Undefined: none are sent. */
	webhook: WebhookSettings | undefined;
	/** Whether members are counted. */
	countsMembers: boolean;
	/** The prefix of the channels of runs. Undefined: the hub streams no runs. */
	runsPrefix: string | undefined;
	/** Whether the Worker or the object holds the streams. Undefined: the default of `durableObject()`. */
	hold: "worker" | "object" | undefined;
	/** Cloudflare's plan, which limits how much one stream may be sent. Undefined: paid. */
	workersPlan: "free" | "paid" | undefined;
	/** How many processes serve. Undefined: one. */
	processes: number | "auto" | undefined;
	/** Undefined: streams are not compressed. */
	compression: GzipOptions | undefined;
	/** Options of the library. Each that is undefined has the library's default. */
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
		relayToken: bearerToken(environment, "SSE_RELAY_TOKEN"),
		drain: whole(environment, "SSE_DRAIN", { most: longestTimer }) ?? 5_000,
		cors: corsFrom(environment),
		logsConnections: flag(environment, "SSE_LOG_CONNECTIONS") ?? false,
		webhook: webhookFrom(environment),
		countsMembers: flag(environment, "SSE_PRESENCE") ?? false,
		runsPrefix: runsPrefixFrom(environment),
		hold: oneOf(environment, "SSE_HOLD", ["worker", "object"]),
		workersPlan: oneOf(environment, "SSE_WORKERS_PLAN", ["free", "paid"]),
		processes: processesFrom(environment),
		compression: compressionFrom(environment),
		options: libraryOptions(environment),
	};
}

function oneOf<Word extends string>(
	environment: Environment,
	name: string,
	words: readonly Word[],
): Word | undefined {
	const text = environment[name];
	const word = words.find((each) => each === text);
	if (text === undefined || word !== undefined) return word;
	throw new ConfigurationError(`${name} must be ${words.join(" or ")}.`);
}

/** How many processes may be set: more than a machine has processors. */
const mostProcesses = 256;

function processesFrom(environment: Environment): Settings["processes"] {
	if (environment.SSE_PROCESSES === "auto") return "auto";
	const instead = " Or auto: one for each processor.";
	return whole(environment, "SSE_PROCESSES", { least: 1, most: mostProcesses, instead });
}

function compressionFrom(environment: Environment): GzipOptions | undefined {
	const memory = whole(environment, "SSE_COMPRESS_MEMORY");
	if (flag(environment, "SSE_COMPRESS")) return { memory };
	if (memory === undefined) return undefined;
	throw new ConfigurationError("SSE_COMPRESS_MEMORY needs SSE_COMPRESS=true.");
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
		flushEvery: whole(environment, "SSE_FLUSH_EVERY", { most: 1_000 }),
		linger: whole(environment, "SSE_LINGER", { most: longestTimer }),
		limits: {
			connections: limit("SSE_MAX_CONNECTIONS"),
			bufferedBytes: limit("SSE_MAX_BUFFERED_BYTES"),
			messageBytes: limit("SSE_MAX_MESSAGE_BYTES"),
		},
		// 0 and an unset variable both mean that streams have no end.
		maxDuration: whole(environment, "SSE_MAX_DURATION") || undefined,
		channels: {
			allowed: channelsFrom(environment),
			prefix: environment.SSE_CHANNEL_PREFIX,
		},
	};
}

function hostFrom({ HOST: host }: Environment): string | undefined {
	// An IPv6 address has brackets in a URL, but not where a server listens.
	const bare = host?.replace(/^\[(.*)\]$/, "$1");
	if (bare === undefined || !/[\s/?#@[\]]|^[^:]*:[^:]*$/.test(bare)) return bare;
	throw new ConfigurationError("HOST must be a name or an address, without scheme or port.");
}

function runsPrefixFrom({ SSE_RUNS_PREFIX: prefix }: Environment): string | undefined {
	if (prefix === undefined || prefix.length <= 128) return prefix;
	throw new ConfigurationError("SSE_RUNS_PREFIX must have at most 128 characters.");
}

function channelsFrom(environment: Environment): string[] | undefined {
	const names = list(environment, "SSE_CHANNELS");
	const problem = names && namesProblem(names);
	if (problem === undefined) return names;
	throw new ConfigurationError(`SSE_CHANNELS: ${problem}`);
}
