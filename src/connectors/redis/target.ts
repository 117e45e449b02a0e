import { ConfigurationError } from "../../errors.ts";
import { ClientPublisher } from "./client-publisher.ts";
import { type IoRedisClient, ioredisDuplicates } from "./ioredis.ts";
import type { RedisDriver } from "./link.ts";
import {
	type NodeRedisClient,
	type NodeRedisOptions,
	nodeRedisDriver,
	nodeRedisDuplicates,
	ownedNodeRedis,
} from "./node-redis.ts";
import { LinkPublisher, type Publisher } from "./publisher.ts";

/** Where Redis is: a URL, a client that the caller already has, or node-redis' client options. */
export type RedisTarget = string | NodeRedisClient | IoRedisClient | NodeRedisOptions;

/** How to subscribe at a target and how to publish there. */
export interface Route {
	readonly driver: RedisDriver;
	publisher(timeout: number): Publisher;
}

const WAYS =
	"Pass a URL such as redis://127.0.0.1:6379, a node-redis or ioredis client, or node-redis' client options.";

/** Throws a `TypeError` or `ConfigurationError` without ever repeating what may hold a password. */
export function resolve(target: RedisTarget): Route {
	if (typeof target === "string") return connecting({ url: target });
	if (typeof target !== "object" || target === null) {
		throw new TypeError(`redis(): the target must not be ${describe(target)}. ${WAYS}`);
	}
	if (isIoRedis(target)) {
		refuseCluster("isCluster" in target && target.isCluster === true);
		const driver = ioredisDuplicates(target);
		return { driver, publisher: (ms) => new LinkPublisher(driver, ms) };
	}
	if (isNodeRedis(target)) {
		// These look alike, but their sendCommand takes other arguments.
		refuseCluster("slots" in target || "getSentinelNode" in target);
		const driver = nodeRedisDuplicates(target);
		return { driver, publisher: (ms) => new ClientPublisher(ownedNodeRedis(target), ms) };
	}
	if ("connect" in target || "on" in target) {
		throw new TypeError(`redis(): the client handed in is of no kind known here. ${WAYS}`);
	}
	return connecting({ ...target });
}

function connecting(options: NodeRedisOptions): Route {
	const driver = nodeRedisDriver(options, addressOf(options));
	return { driver, publisher: (timeout) => new LinkPublisher(driver, timeout) };
}

function isIoRedis(target: object): target is IoRedisClient {
	return (
		"status" in target && typeof target.status === "string" && has(target, "duplicate", "publish")
	);
}

function isNodeRedis(target: object): target is NodeRedisClient {
	return "isOpen" in target && has(target, "duplicate", "sendCommand", "subscribe");
}

function has(target: object, ...methods: string[]): boolean {
	return methods.every((name) => typeof Reflect.get(target, name) === "function");
}

function refuseCluster(yes: boolean): void {
	if (!yes) return;
	throw new ConfigurationError(
		"redis(): cluster and sentinel clients are not supported. Hand in a client of a single server, or its URL.",
	);
}

/** Host and port. Checks the URL on the way, for the library's own error would print it whole. */
function addressOf(options: NodeRedisOptions): string {
	const { url, socket } = options;
	const { host, port, path, tls } = fields(socket);
	if (url === undefined) {
		return typeof path === "string" ? path : `${host ?? "localhost"}:${port ?? 6379}`;
	}
	const parsed = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
	if (parsed?.protocol !== "redis:" && parsed?.protocol !== "rediss:") {
		throw new TypeError(
			"redis(): the URL must begin with redis:// or rediss://, such as redis://user:password@host:6379/0; a password with special characters must be percent-encoded.",
		);
	}
	if (!/^\/?\d*$/.test(parsed.pathname)) {
		throw new TypeError(
			"redis(): the URL's path must be a database number or absent, such as redis://host:6379/0.",
		);
	}
	if (!decodes(parsed.username) || !decodes(parsed.password)) {
		throw new TypeError(
			"redis(): the URL's user name and password must be percent-encoded: write a % as %25.",
		);
	}
	if (tls !== undefined && tls !== (parsed.protocol === "rediss:")) {
		throw new ConfigurationError(
			`redis(): socket.tls is ${tls === true}, but the URL begins with ${parsed.protocol}. Leave socket.tls out.`,
		);
	}
	return `${parsed.hostname}:${parsed.port || 6379}`;
}

function fields(socket: unknown): {
	host?: unknown;
	port?: unknown;
	path?: unknown;
	tls?: unknown;
} {
	if (socket === undefined) return {};
	if (typeof socket === "object" && socket !== null) return { ...socket };
	throw new TypeError(
		`redis(): socket must be an object with host and port, not ${describe(socket)}.`,
	);
}

function decodes(text: string): boolean {
	try {
		decodeURIComponent(text);
		return true;
	} catch {
		return false;
	}
}

function describe(value: unknown): string {
	return value === null ? "null" : typeof value;
}
