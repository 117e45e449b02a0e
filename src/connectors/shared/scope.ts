import type { Connector } from "../../core/connector.ts";

/**
 * Who may share a connector's I/O: by its option, or by the host.
 *
 * @param owner the function that has the option, for the error.
 * @throws {TypeError} when the option is neither of the two.
 */
export function scopeOf(owner: string, scope: unknown): Connector["scope"] {
	if (scope === "process" || scope === "request") return scope;
	if (scope !== undefined) throw new TypeError(`${owner}(): scope must be "process" or "request".`);
	return globalThis.navigator?.userAgent === "Cloudflare-Workers" ? "request" : "process";
}
