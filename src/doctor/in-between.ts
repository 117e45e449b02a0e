/** What stands between, as far as it names itself. */
export type ProxyName = "nginx" | "HAProxy" | "Apache" | "Caddy" | "Varnish" | "Cloudflare";

export const proxies: readonly ProxyName[] = [
	...(["nginx", "HAProxy", "Apache", "Caddy", "Varnish", "Cloudflare"] as const),
];

const signs: readonly [ProxyName, (headers: Headers) => boolean][] = [
	["Cloudflare", (headers) => headers.has("cf-ray") || named(headers, /\bcloudflare\b/i)],
	["Varnish", (headers) => headers.has("x-varnish") || named(headers, /\bvarnish\b/i)],
	["Caddy", (headers) => named(headers, /\bcaddy\b/i)],
	["nginx", (headers) => named(headers, /\b(?:nginx|openresty|tengine)\b/i)],
	["Apache", (headers) => named(headers, /\bApache\b/i)],
	["HAProxy", (headers) => named(headers, /\bhaproxy\b/i)],
];

/** Returns the proxy that an answer's headers name. HAProxy does not name itself by default. */
export function proxyOf(headers: Headers): ProxyName | undefined {
	return signs.find(([, shows]) => shows(headers))?.[0];
}

function named(headers: Headers, name: RegExp): boolean {
	return name.test(headers.get("server") ?? "") || name.test(headers.get("via") ?? "");
}
