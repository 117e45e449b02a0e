import { calledByHash, sentWhole } from "../connectors/shared/redis-script.ts";
import { ConfigurationError } from "../core/errors.ts";
import type { PresenceHost } from "../core/presence-host.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import { memoryStoreOf } from "./memory-store.ts";
import { ObjectEngine } from "./object-engine.ts";
import { RedisStore } from "./redis-store.ts";
import { StoreEngine } from "./store-engine.ts";

/**
 * The engine that counts members on a connector.
 *
 * @throws {ConfigurationError} when the connector does not support it.
 */
export function engineOn(host: PresenceHost, options: EngineOptions): Engine {
	const connector = host.connector();
	const { name, scope, presence: basis } = connector;
	const cannot = (why: string) =>
		new ConfigurationError(`Presence: the connector ${name} cannot say who is there: ${why}.`);
	if (basis === undefined) {
		throw cannot("it has no `presence`. memory(), redis(), upstash() and durableObject() have");
	}
	if (basis.kind === "none") throw cannot(basis.why);
	if (basis.kind === "objects") return new ObjectEngine(host, basis, options);
	if (basis.kind === "process") return new StoreEngine(host, memoryStoreOf(connector), options);
	if (scope === "request") {
		throw cannot(
			"its I/O belongs to requests here (Cloudflare Workers), and a lease must be kept between them. " +
				"Use durableObject(), or run the hub on Node, Bun or Deno",
		);
	}
	const { keyPrefix, sendsWhole } = basis;
	const store = new RedisStore({
		run: (key, make) => basis.run(key, make),
		scripts: sendsWhole ? sentWhole : calledByHash,
		keyPrefix,
		prefix: host.options.channels.prefix,
	});
	return new StoreEngine(host, store, options);
}
