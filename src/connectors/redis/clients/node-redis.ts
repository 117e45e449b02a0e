import { ConnectorError } from "../../../core/errors.ts";
import type { RedisDriver } from "../driver.ts";
import type { OwnedClient } from "./client-publisher.ts";
import { NodeRedisLink, type OwnClient, overrides, type PubSub } from "./node-redis-link.ts";

/**
 * The part of a node-redis client (`redis` or `@redis/client`, 4.6 or later) that is used here.
 * It is described, not imported, so that any version and any set of modules fits.
 * https://github.com/redis/node-redis
 */
export interface NodeRedisClient {
	readonly isOpen: boolean;
	readonly isReady: boolean;
	sendCommand(args: string[], options?: object): Promise<unknown>;
	duplicate(overrides?: object): unknown;
	on(event: string, listener: (...args: unknown[]) => void): unknown;
	off(event: string, listener: (...args: unknown[]) => void): unknown;
}

/**
 * node-redis' client options. Those without a comment are passed on unchanged.
 * https://github.com/redis/node-redis/blob/master/docs/client-configuration.md
 */
export interface NodeRedisOptions {
	/** `redis://` or `rediss://`, with user, password, host, port and database number. */
	url?: string;
	username?: string;
	password?: string;
	/** The database number. Redis' pub/sub ignores it: messages cross databases. */
	database?: number;
	/**
	 * Host, port, TLS settings. A `reconnectStrategy` has no effect: this connector reconnects by
	 * itself.
	 */
	socket?: object;
	credentialsProvider?: unknown;
	name?: string;
	RESP?: 2 | 3;
	modules?: object;
	functions?: object;
	scripts?: object;
	commandOptions?: object;
	keyPrefix?: string | Uint8Array;
	commandsQueueMaxLength?: number;
	disableOfflineQueue?: boolean;
	readonly?: unknown;
	pingInterval?: number;
	clientSideCache?: unknown;
	himportRegistry?: unknown;
	disableClientInfo?: boolean;
	clientInfoTag?: string;
	emitInvalidate?: boolean;
	maintNotifications?: string;
	maintEndpointType?: string;
	maintRelaxedCommandTimeout?: number;
	maintRelaxedSocketTimeout?: number;
	/** Only in versions 4 and 5. */
	legacyMode?: boolean;
	isolationPoolOptions?: object;
	unstableResp3?: boolean;
	unstableResp3Modules?: boolean;
}

/** Connects with node-redis' own options. The first connection loads the library. */
export function nodeRedisDriver(
	options: NodeRedisOptions,
	address: string,
	pubSub: PubSub = "plain",
): RedisDriver {
	return {
		address,
		async open(events, timeout) {
			const { createClient } = await library();
			// RESP2 by default: every server and proxy speaks it, and nothing here needs more.
			const all = {
				RESP: 2,
				clientInfoTag: "edge-sse",
				...options,
				...overrides(options, timeout),
			};
			// The library's type has more options than this connector knows.
			const client = createClient(all as object);
			return new NodeRedisLink(client as unknown as OwnClient, events, pubSub);
		},
	};
}

/**
 * Loads the library, which takes up to half a second of CPU time.
 *
 * @throws {ConnectorError} `refused` when it is not installed.
 */
export async function loadNodeRedis(): Promise<void> {
	await library();
}

async function library() {
	try {
		return await import("@redis/client");
	} catch (cause) {
		throw new ConnectorError(
			"refused",
			"redis(): the package @redis/client cannot be loaded. Install it; on Cloudflare Workers it needs the compatibility flag nodejs_compat.",
			{ cause },
		);
	}
}

/** Opens each connection with a duplicate of the caller's client. */
export function nodeRedisDuplicates(client: NodeRedisClient): RedisDriver {
	return {
		address: addressOf(optionsOf(client)),
		async open(events, timeout) {
			const duplicate = client.duplicate(overrides(optionsOf(client), timeout));
			return new NodeRedisLink(duplicate as OwnClient, events);
		},
	};
}

/** Publishes over the caller's own client. */
export function ownedNodeRedis(client: NodeRedisClient): OwnedClient {
	return {
		address: addressOf(optionsOf(client)),
		advice: "the client is closed; call its connect() first, or close it later",
		state() {
			if (client.isReady) return "ready";
			return client.isOpen ? "connecting" : "ended";
		},
		// Version 4 calls it `signal`.
		command: (args, signal) => client.sendCommand([...args], { abortSignal: signal, signal }),
		listen({ onReady, onError }) {
			client.on("ready", onReady);
			client.on("error", onError);
			return () => {
				client.off("ready", onReady);
				client.off("error", onError);
			};
		},
	};
}

function optionsOf(client: NodeRedisClient): NodeRedisOptions {
	return "options" in client && typeof client.options === "object" && client.options !== null
		? { ...client.options }
		: {};
}

function addressOf(options: NodeRedisOptions): string {
	const socket: { host?: unknown; port?: unknown; path?: unknown } = { ...options.socket };
	if (typeof socket.path === "string") return socket.path;
	return `${socket.host ?? "localhost"}:${socket.port ?? 6379}`;
}
