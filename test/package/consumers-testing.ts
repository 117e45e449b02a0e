/** A connector that somebody else wrote, with a bug when asked for. */
export const busConnector = `
import { ConnectorError } from "edge-sse";

export function bus({ broken = false } = {}) {
	const channels = new Map();
	let closed = false;
	const error = () => new ConnectorError("closed", "This bus is closed.");
	const assertOpen = () => {
		if (closed && !broken) throw error();
	};
	const guarded = (call) => {
		try {
			call();
		} catch (bug) {
			console.error("A handler threw.", bug);
		}
	};
	return {
		name: "bus",
		scope: "process",
		async publish(channel, payload) {
			assertOpen();
			const all = channels.get(channel) ?? new Set();
			const receivers = all.size;
			for (const each of [...all]) if (all.has(each)) guarded(() => each.handlers.onMessage(payload));
			return { receivers };
		},
		async subscribe(channel, handlers) {
			assertOpen();
			const all = channels.get(channel) ?? new Set();
			channels.set(channel, all);
			const own = { handlers };
			all.add(own);
			return { unsubscribe: async () => void all.delete(own) };
		},
		async close() {
			closed = true;
			for (const all of channels.values()) {
				for (const each of all) {
					all.delete(each);
					guarded(() => each.handlers.onEnd(error()));
				}
			}
		},
	};
}
`;

/** Its tests, for the runner of this module. */
export const contractOf = (runner: string, connector: string) => `
import { connectorContract } from "edge-sse/testing";
import { describe, test } from "${runner}";
import { bus } from "./bus.js";

connectorContract(
	"bus",
	{
		connect: () => ${connector},
		lacks: {
			shared: "each bus is one of its own",
			broker: "there is no broker that could be lost",
			borrow: "there is no client",
			refused: "there is nobody to refuse",
			history: "it keeps nothing",
		},
	},
	{ describe, test },
);
`;
