import { memory } from "../connectors/memory.ts";
import type { Connector } from "../core/connector.ts";
import { SqlHistory } from "./sql-history.ts";
import { type KeepingConnector, keepingBroker, keepsHistory } from "./with-history.ts";

/** What an object publishes to and subscribes from. */
export interface Broker {
	/** For Workers that want no history. */
	plain: Connector;
	/** For Workers that want one. Undefined: the upstream has none. */
	keeping: KeepingConnector | undefined;
	/** The object's own history, when it is its own broker. */
	store?: SqlHistory;
}

/** The upstream, if there is one. Otherwise the object is its own broker. */
export function brokerOf(
	upstream: Connector | undefined,
	storage: ConstructorParameters<typeof SqlHistory>[0],
): Broker {
	if (upstream !== undefined) {
		return { plain: upstream, keeping: keepsHistory(upstream) ? upstream : undefined };
	}
	const plain = memory();
	const store = new SqlHistory(storage);
	return { plain, keeping: keepingBroker(plain, store), store };
}
