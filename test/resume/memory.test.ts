import { memory } from "../../src/connectors/memory.ts";
import type { Connector, SubscriptionHandlers } from "../../src/core/connector.ts";
import { resumeSuite } from "./suite.ts";

/** What a broker would count, and could do: `memory()` offers neither to tests. */
const counts = { reads: 0, publishes: 0 };
const handlers = new WeakMap<Connector, Map<string, SubscriptionHandlers>>();

resumeSuite("memory", {
	connect: (history) => watched(memory({ history })),
	foreign: async (connector, channel, payload) =>
		handlers.get(connector)?.get(channel)?.onMessage(payload),
	shared: false,
	wipe: async () => undefined,
	reads: async () => counts.reads,
	commands: async () => counts.publishes,
});

function watched(connector: Connector): Connector {
	const { history } = connector;
	const listening = new Map<string, SubscriptionHandlers>();
	const watching: Connector = {
		name: connector.name,
		scope: connector.scope,
		history: history && {
			head: (...args) => history.head(...args),
			read: (...args) => {
				counts.reads++;
				return history.read(...args);
			},
		},
		publish: (...args) => {
			counts.publishes++;
			return connector.publish(...args);
		},
		publishAll: async (messages) => {
			counts.publishes++;
			return (await connector.publishAll?.(messages)) ?? [];
		},
		subscribe: (channel, each) => {
			listening.set(channel, each);
			return connector.subscribe(channel, each);
		},
		close: () => connector.close(),
	};
	handlers.set(watching, listening);
	return watching;
}
