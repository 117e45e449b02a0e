import { ConfigurationError } from "../../core/errors.ts";
import type { NodeRedisOptions } from "./clients/node-redis.ts";

/**
 * Host and port. It checks the URL first, because the library's own error would print all of
 * it.
 *
 * @param field where the options are, such as `defaults.`.
 * @throws {TypeError} that holds nothing of the URL.
 */
export function addressOf(options: NodeRedisOptions, field = ""): string {
	const { url, socket } = options;
	const { host, port, path, tls } = fields(socket, field);
	if (url === undefined) {
		return typeof path === "string" ? path : `${host ?? "localhost"}:${port ?? 6379}`;
	}
	const { protocol, hostname, port: itsPort } = checkedUrl(url, `redis(): ${field}`);
	if (tls !== undefined && tls !== (protocol === "rediss:")) {
		throw new ConfigurationError(
			`redis(): ${field}socket.tls is ${tls === true}, but the URL begins with ${protocol}. Leave socket.tls out.`,
		);
	}
	return `${hostname}:${itsPort || 6379}`;
}

const encoded =
	"the URL's user name and password must be percent-encoded: write @ as %40, # as %23, / as %2F, ? as %3F and % as %25.";

function checkedUrl(url: unknown, where: string): URL {
	const text = typeof url === "string" ? url.trim() : "";
	const [, scheme, rest = ""] = /^(rediss?):\/\/(.*)$/is.exec(text) ?? [];
	if (scheme === undefined) {
		throw new TypeError(
			`${where}the URL must begin with redis:// or rediss://, such as redis://user:password@host:6379/0; a password with special characters must be percent-encoded.`,
		);
	}
	// The host ends at the first of these characters. What follows would be dialled, and shown. So
	// an @ after it, or several of them, belonged to the password.
	const [authority = ""] = rest.split(/[/?#]/, 1);
	const isCut = rest.slice(authority.length).includes("@") || rest.includes("#");
	// A URL parser silently removes line breaks and tabs.
	const isTorn = /[\s\p{Cc}]/u.test(text) || authority.split("@").length > 2;
	if (isCut || isTorn) throw new TypeError(`${where}${encoded}`);
	if (!URL.canParse(text)) {
		throw new TypeError(
			`${where}the URL must be like redis://user:password@host:6379/0; a password with special characters must be percent-encoded.`,
		);
	}
	const parsed = new URL(text);
	if (!decodes(parsed.username) || !decodes(parsed.password)) {
		throw new TypeError(`${where}${encoded}`);
	}
	if (!/^\/?\d*$/.test(parsed.pathname)) {
		throw new TypeError(
			`${where}the URL's path must be a database number or absent, such as redis://host:6379/0.`,
		);
	}
	return parsed;
}

export function fields(
	socket: unknown,
	field = "",
): {
	host?: unknown;
	port?: unknown;
	path?: unknown;
	tls?: unknown;
} {
	if (socket === undefined) return {};
	if (typeof socket === "object" && socket !== null) return { ...socket };
	throw new TypeError(
		`redis(): ${field}socket must be an object with host and port, not ${describe(socket)}.`,
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
