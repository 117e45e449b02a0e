import { ConfigurationError } from "../../core/errors.ts";
import type { NodeRedisOptions } from "./clients/node-redis.ts";

/** Host and port. Checks the URL on the way, for the library's own error would print it whole. */
export function addressOf(options: NodeRedisOptions): string {
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

export function fields(socket: unknown): {
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

export function describe(value: unknown): string {
	return value === null ? "null" : typeof value;
}
