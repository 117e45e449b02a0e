import { setTimeout as delay } from "node:timers/promises";
import { memory } from "../../../src/connectors/memory.ts";
import { redis } from "../../../src/connectors/redis.ts";
import { upstash } from "../../../src/connectors/upstash.ts";
import type { Connector } from "../../../src/index.ts";
import { relay } from "../../../src/relay.ts";
import type { Random } from "../random.ts";

/** How a program of this run reaches the broker, given as JSON in `TORTURE_BROKER`. */
export type Broker =
	| { kind: "memory"; maxLength: number }
	| { kind: "redis"; url: string; maxLength: number }
	| { kind: "cluster"; rootNodes: { url: string }[]; maxLength: number }
	| { kind: "upstash"; url: string; token: string; maxLength: number }
	| { kind: "relay"; url: string; token: string };

/** The connector, with the shortest times in which this machine can notice a dead path. */
export function connectorTo(broker: Broker): Connector {
	const history = "maxLength" in broker ? { maxLength: broker.maxLength } : {};
	switch (broker.kind) {
		case "memory":
			return memory({ history });
		case "redis":
			return redis(broker.url, { history, timeout: 1_000, pingInterval: 400 });
		case "cluster": {
			const { rootNodes } = broker;
			return redis({ rootNodes }, { history, timeout: 1_000, pingInterval: 400, sharded: true });
		}
		case "relay": {
			const { url, token } = broker;
			return relay(url, { token, history: true, timeout: 1_500 });
		}
		case "upstash": {
			const { url, token } = broker;
			const times = { timeout: 1_500, maxSilence: 1_000, maxBackoff: 1_000 };
			return upstash({ url, token, history, ...times });
		}
	}
}

/**
 * The connector with late answers from the history, as from a distant store: the live feed is then faster than
 * the answer. The two must still be joined without a gap or a duplicate.
 */
export function lagging(connector: Connector, random: Random): Connector {
	const { history, name, runs, scope } = connector;
	const late = async <T>(answer: Promise<T>): Promise<T> => {
		const value = await answer;
		if (random.chance(0.6)) await delay(random.between(0, 200));
		return value;
	};
	return {
		name,
		scope,
		history: history && {
			read: (...args) => late(history.read(...args)),
			head: (...args) => late(history.head(...args)),
		},
		...(runs && { runs }),
		publish: (...args) => connector.publish(...args),
		publishAll: async (messages) => (await connector.publishAll?.(messages)) ?? [],
		subscribe: (channel, handlers) => connector.subscribe(channel, handlers),
		close: () => connector.close(),
	};
}

export function brokerFrom(env: Record<string, string | undefined>): Connector {
	if (env.TORTURE_BROKER === undefined) throw new TypeError("TORTURE_BROKER is not set.");
	return connectorTo(JSON.parse(env.TORTURE_BROKER) as Broker);
}
