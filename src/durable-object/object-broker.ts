import { memory } from "../connectors/memory.ts";
import { LocalRuns } from "../connectors/shared/local-runs.ts";
import type { Connector } from "../core/connector.ts";
import type { RunStore } from "../core/run-store.ts";
import { SqlHistory } from "./sql-history.ts";
import { SqlRuns } from "./sql-runs.ts";
import { type KeepingConnector, keepingBroker, keepsHistory } from "./with-history.ts";

/** What an object publishes to and subscribes from. */
export interface Broker {
	/** For Workers that want no history. */
	plain: Connector;
	/** For Workers that want one. Undefined: the upstream has none. */
	keeping: KeepingConnector | undefined;
	/** The object's own history, when it is its own broker. */
	store?: SqlHistory;
	/** What frees the object's own run. */
	ownRuns?: SqlRuns;
	/** Undefined: the upstream has none. */
	runs: RunStore | undefined;
}

/** The upstream, if there is one. Otherwise the object is its own broker. */
export function brokerOf(
	upstream: Connector | undefined,
	storage: ConstructorParameters<typeof SqlHistory>[0],
): Broker {
	if (upstream !== undefined) {
		const keeping = keepsHistory(upstream) ? upstream : undefined;
		return { plain: upstream, keeping, runs: upstream.runs };
	}
	const plain = memory();
	const store = new SqlHistory(storage);
	const ownRuns = new SqlRuns(storage, store, (channel, payload) => {
		// It delivers before it returns, and only a handler's owner hears of a handler that throws.
		plain.publish(channel, payload).catch((error) => console.error("edge-sse:", error));
	});
	const runs = new LocalRuns(ownRuns);
	return { plain, keeping: keepingBroker(plain, store), store, ownRuns, runs };
}
