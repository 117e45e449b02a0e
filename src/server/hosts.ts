import { ConfigurationError } from "../core/errors.ts";
import { type Environment, list } from "./variables.ts";

/**
 * The name in a `Host` header as a browser would write it: lower case, an address in its usual
 * form, without the port and without a dot at the end.
 *
 * @returns undefined when the text is no host. Characters that end a host in a URL (`/?#`),
 *   begin one (`@`) or are decoded in one (`%`) would give it two meanings.
 */
export function hostName(text: string): string | undefined {
	if (/[\s/?#@%\\]/.test(text) || !URL.canParse(`http://${text}`)) return undefined;
	return new URL(`http://${text}`).hostname.replace(/\.$/, "");
}

/** Whether a name of `hostName` can only mean the user's own machine. */
export function isLoopback(name: string | undefined): boolean {
	if (name === undefined) return false;
	if (name === "localhost" || name.endsWith(".localhost") || name === "[::1]") return true;
	// The second pattern is ::ffff:127.0.0.1, as a URL writes it.
	return /^127(\.\d+){3}$/.test(name) || /^\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\]$/.test(name);
}

/** Whether a server that listens on this `HOST` can only be reached from this machine. */
export function listensOnLoopback(host: string): boolean {
	return isLoopback(hostName(host.includes(":") ? `[${host}]` : host));
}

/**
 * The names of `SSE_HOSTS`.
 *
 * @throws {ConfigurationError} for an entry that no request could name.
 */
export function hostsFrom(environment: Environment): string[] | undefined {
	return list(environment, "SSE_HOSTS")?.map((entry) => {
		const name = hostName(
			entry.split(":").length > 2 && !entry.startsWith("[") ? `[${entry}]` : entry,
		);
		if (name !== undefined && !name.includes("*")) return name;
		throw new ConfigurationError(
			"SSE_HOSTS must be names of hosts with commas between them, such as `events.example.com`: " +
				"without scheme, path or `*`.",
		);
	});
}
