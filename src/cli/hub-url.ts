import { UsageError } from "./usage-error.ts";

/**
 * Returns the URL of a hub's route. An address with a path is used as it is.
 *
 * @throws {UsageError} that says what is wrong without showing the address, which may hold a secret.
 */
export function routeUrl(text: string | undefined, route: string, usage: string): URL {
	if (text === undefined) throw new UsageError(`The URL is missing. Usage: edge-sse ${usage}`);
	// `localhost:8787` would be a URL with the scheme `localhost:`.
	const full = /^[\w.-]+(:\d+)?(\/|$)/.test(text) ? `http://${text}` : text;
	const url = URL.canParse(full) ? new URL(full) : undefined;
	if (url === undefined || !/^https?:$/.test(url.protocol)) {
		throw new UsageError("The URL must begin with http:// or https://.");
	}
	if (url.username !== "" || url.password !== "") {
		throw new UsageError("The URL must hold no user and no password.");
	}
	if (/(^|[#&?])token=/.test(url.hash) || url.searchParams.has("token")) {
		throw new UsageError(
			"The URL holds a token, and a secret is no argument. Take it out, and name a file that has it: " +
				"--token-file <file>.",
		);
	}
	url.hash = "";
	if (url.pathname === "/") url.pathname = route;
	return url;
}
