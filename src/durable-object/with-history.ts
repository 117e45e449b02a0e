import type { Connector, History } from "../core/connector.ts";
import type { SqlHistory } from "./sql-history.ts";

export type KeepingConnector = Connector & { readonly history: History };

export function keepsHistory(connector: Connector): connector is KeepingConnector {
	return connector.history !== undefined;
}

/** An object's own broker, with its messages kept. */
export function keepingBroker(broker: Connector, history: SqlHistory): KeepingConnector {
	return {
		name: broker.name,
		scope: broker.scope,
		history,
		publish: async (channel, payload) => {
			// Within one turn, so that the order of ids is the order of delivery.
			const { id, payload: kept } = history.keep(payload);
			const { receivers } = await broker.publish(channel, kept);
			await history.setAlarm();
			return { receivers, id };
		},
		subscribe: (channel, handlers) => broker.subscribe(channel, handlers),
		close: () => broker.close(),
	};
}
