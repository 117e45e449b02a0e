import { hostName, isLoopback } from "./hosts.ts";

const names = [
	"stream",
	"run",
	"publish",
	"disconnect",
	"relay",
	"rights",
	"channel",
	"channels",
	"channel/members",
	"livez",
	"readyz",
	"healthz",
	"metrics",
];

/** The paths that the hub answers. Nothing is decoded, because the filter of a proxy in front does not decode either. */
export const paths: readonly string[] = ["/", ...names.map((name) => `/${name}`)];

/** The answer to a request that the filter refuses. */
export interface Refusal {
	status: 404 | 421;
	error: string;
}

/**
 * @param target the raw target of the request line: a path with its query, or a URL with them.
 * @param host the `Host` header. Empty or missing where the request has none, which no browser
 *   sends.
 */
export type RequestFilter = (
	target: string,
	host: string | null | undefined,
) => Refusal | undefined;

/**
 * Refuses requests by their target and by the host that they name.
 *
 * In DNS rebinding, an attacker's host name is made to resolve to this machine's address. The browser then takes the hub
 * for the page's own origin, so the page could read every answer. But the request names the attacker's host, and no page
 * can change that.
 *
 * @param hosts the names that requests may use besides loopback's. Undefined: any name.
 */
export function createRequestFilter(hosts: readonly string[] | undefined): RequestFilter {
	const isOurs = (host: string) => {
		if (host === "" || hosts === undefined) return true;
		const name = hostName(host);
		return isLoopback(name) || (name !== undefined && hosts.includes(name));
	};
	// Nearly all requests name the same host. To parse it takes 3 % of what connecting takes on Node.
	let last = { host: "", isOurs: true };
	return (target, host) => {
		const { authority, path } = targetOf(target);
		if (last.host !== (host ?? "")) last = { host: host ?? "", isOurs: isOurs(host ?? "") };
		if (!last.isOurs || !isOurs(authority)) return misdirected;
		return paths.includes(path) ? undefined : notFound;
	};
}

/** The path of a raw target, without its query: nothing is decoded, and no dots are resolved. */
export function pathOf(target: string): string {
	return targetOf(target).path;
}

export const notFound: Refusal = { status: 404, error: "Not found." };

const misdirected: Refusal = {
	status: 421,
	error:
		"This hub is not called by that host. It answers to localhost, and to the names in SSE_HOSTS: " +
		"behind a proxy that passes its own name on, put that name there.",
};

function targetOf(target: string): { authority: string; path: string } {
	// A user name before the host is not removed, so such a host matches no name of ours.
	const [, authority = "", rest = target] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target) ?? [];
	const end = rest.indexOf("?");
	return { authority, path: (end < 0 ? rest : rest.slice(0, end)) || "/" };
}

/** A fetch handler behind a filter, for hosts that show the raw target and the host in the URL. */
export function filtered<Host>(
	requestFilter: RequestFilter,
	fetch: (request: Request, host: Host) => Response | Promise<Response>,
): (request: Request, host: Host) => Response | Promise<Response> {
	return (request, host) => {
		const refusal = requestFilter(request.url, request.headers.get("host"));
		return refusal === undefined ? fetch(request, host) : refused(refusal);
	};
}

export function refused({ status, error }: Refusal): Response {
	return Response.json({ error }, { status });
}
