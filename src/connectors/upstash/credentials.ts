import { ConfigurationError } from "../../core/errors.ts";

const pairs = [
	["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"],
	["KV_REST_API_URL", "KV_REST_API_TOKEN"],
] as const;

/**
 * The database's URL and token, from the options or else the environment.
 *
 * @throws {ConfigurationError} when there is no usable pair.
 */
export function credentials({
	url,
	token,
}: {
	url?: string | undefined;
	token?: string | undefined;
}): { url: string; token: string } {
	if (url && token) return { url, token };
	if (url || token) {
		throw new ConfigurationError(
			`upstash() needs both a url and a token; the ${url ? "token" : "url"} is missing.`,
		);
	}
	const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
	for (const [urlName, tokenName] of pairs) {
		const found = { url: process?.env?.[urlName], token: process?.env?.[tokenName] };
		if (found.url && found.token) return { url: found.url, token: found.token };
	}
	throw new ConfigurationError(
		"No Upstash database is configured: set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN " +
			"(or KV_REST_API_URL and KV_REST_API_TOKEN), or pass upstash({ url, token }).",
	);
}
