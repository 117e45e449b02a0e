import type { Connector, History } from "../core/connector.ts";
import type { SqlHistory } from "./sql-history.ts";

export type KeepingConnector = Connector & { readonly history: History };

export function keepsHistory(connector: Connector): connector is KeepingConnector {
	return connector.history !== undefined;
}

/** An object's own broker, with history. */
export function keepingBroker(broker: Connector, history: SqlHistory): KeepingConnector {
	return {
		name: broker.name,
		scope: broker.scope,
		history,
		publish: async (channel, payload, { keep, key } = {}) => {
			if (keep === false) return broker.publish(channel, payload);
			// Within one turn, so that the order of ids is the order of delivery.
			const known = key === undefined ? undefined : history.keys.idOf(key);
			if (known !== undefined) return { receivers: 0, id: known };
			const { id, payload: kept } = history.keep(payload, key);
			const { receivers } = await broker.publish(channel, kept);
			await history.setAlarm();
			return { receivers, id };
		},
		subscribe: (channel, handlers) => broker.subscribe(channel, handlers),
		close: () => broker.close(),
	};
}
