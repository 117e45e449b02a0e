import { calledByHash, sentWhole } from "../connectors/shared/redis-script.ts";
import { ConfigurationError } from "../core/errors.ts";
import type { PresenceHost } from "../core/presence-host.ts";
import { memoryStoreOf } from "./memory-store.ts";
import { RedisStore } from "./redis-store.ts";
import type { PresenceStore } from "./store.ts";

/**
 * The store that a connector has for it.
 *
 * @throws {ConfigurationError} when the connector cannot carry it.
 */
export function storeOn(host: PresenceHost): PresenceStore {
	const connector = host.connector();
	const { name, scope, presence: basis, stream } = connector;
	const cannot = (why: string) =>
		new ConfigurationError(`Presence: the connector ${name} cannot say who is there: ${why}.`);
	if (stream !== undefined) throw cannot("it makes streams itself. Not yet on Durable Objects");
	if (basis === undefined)
		throw cannot("it has no `presence`. memory(), redis() and upstash() have");
	if (basis.kind === "none") throw cannot(basis.why);
	if (basis.kind === "process") return memoryStoreOf(connector);
	if (scope === "request") {
		throw cannot(
			"its I/O belongs to requests here (Cloudflare Workers), and a lease must be kept between them. Run the hub on Node, Bun or Deno",
		);
	}
	const { keyPrefix, sendsWhole } = basis;
	return new RedisStore({
		run: (key, make) => basis.run(key, make),
		scripts: sendsWhole ? sentWhole : calledByHash,
		keyPrefix,
		prefix: host.options.channels.prefix,
	});
}
