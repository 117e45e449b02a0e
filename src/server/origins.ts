import { ConfigurationError } from "../core/errors.ts";
import type { CorsOptions } from "../core/request/cors.ts";
import { type Environment, flag, list } from "./variables.ts";

/** Schemes that no page's `Origin` ever has. */
const neverAnOrigin = /^(wss?|ftp|file|data|blob|javascript|mailto):/;

/** @throws {ConfigurationError} for an entry that cannot be the origin of a page. */
export function corsFrom(environment: Environment): CorsOptions | undefined {
	const credentials = flag(environment, "SSE_CORS_CREDENTIALS") ?? false;
	const origins = list(environment, "SSE_CORS_ORIGIN")?.map(asBrowsersSend);
	if (origins === undefined) {
		if (!credentials) return undefined;
		throw new ConfigurationError(
			"SSE_CORS_CREDENTIALS is set, but not SSE_CORS_ORIGIN: no other origin would be allowed.",
		);
	}
	if (credentials && origins.includes("*")) {
		throw new ConfigurationError(
			"SSE_CORS_ORIGIN must name the origins where SSE_CORS_CREDENTIALS is set: `*` would be all of them.",
		);
	}
	return { origin: origins.includes("*") ? "*" : origins, credentials };
}

/**
 * An origin exactly as browsers send it: `HTTPS://App.example.com:443/` is
 * `https://app.example.com`. An app's own scheme (`capacitor://localhost`) stays as it is.
 */
function asBrowsersSend(entry: string): string {
	if (entry === "*") return entry;
	const text = entry.replace(/\/$/, "");
	if (/^[a-z][a-z\d+.-]*:\/\/[^\s/?#@\\*]+$/i.test(text) && URL.canParse(text)) {
		const { protocol, origin } = new URL(text);
		if (protocol === "http:" || protocol === "https:") return origin;
		if (!neverAnOrigin.test(protocol)) return text.toLowerCase();
	}
	throw new ConfigurationError(
		"SSE_CORS_ORIGIN must be `*`, or origins with commas between them, such as `https://app.example.com`: " +
			"with a scheme, and without a path, a user or a `*` within.",
	);
}
