import { setTimeout as delay } from "node:timers/promises";
import { beforeEach } from "vitest";
import { polling, type UpstashSettings, upstash } from "../../src/connectors/upstash.ts";
import type { Connector } from "../../src/core/connector.ts";
import { useUpstash } from "../support/upstash-fixture.ts";
import { byPolls, suiteOf } from "./clauses.ts";
import { broker } from "./upstash-harness.ts";

/** The contract, on a gateway that refuses every stream. Tests of polling alone: upstash-polling-*.test.ts. */

// The runtime's own pool has idle connections, with timers of its own: they would look like ours.
const fixture = useUpstash({ keepAlive: false });
beforeEach(() => {
	fixture.gateway.faultless();
	fixture.gateway.fault({
		to: "subscribe",
		status: 400,
		error: "ERR SUBSCRIBE is not available",
	});
});

const maxInterval = 40;
const connect = (settings: UpstashSettings & { token?: string } = {}) =>
	upstash({
		url: fixture.gateway.url,
		token: fixture.gateway.token,
		timeout: 2_000,
		maxBackoff: 500,
		history: {},
		fallback: polling({ interval: 20, maxInterval }),
		...settings,
	});

/** Carries any text: a message to be kept must be a JSON object, and arrives with its id. */
function ofText(connector: Connector): Connector {
	const wrapped = (text: string) => JSON.stringify({ text });
	return {
		name: connector.name,
		scope: connector.scope,
		check: async () => connector.check?.(),
		publish: (channel, payload) => connector.publish(channel, wrapped(payload)),
		publishAll: async (messages) => {
			const all = messages.map((each) => ({ ...each, payload: wrapped(each.payload) }));
			return (await connector.publishAll?.(all)) ?? [];
		},
		subscribe: (channel, handlers) =>
			connector.subscribe(channel, {
				onMessage: (payload) => handlers.onMessage(JSON.parse(payload).text),
				onLost: (error) => handlers.onLost(error),
				onRestored: () => handlers.onRestored(),
				onEnd: (error) => handlers.onEnd(error),
			}),
		close: () => connector.close(),
	};
}

const {
	numsub: _,
	clients: __,
	...control
} = broker(
	() => fixture.gateway,
	() => fixture.server,
);

suiteOf(byPolls)("upstash, polling", {
	connect: () => ofText(connect()),
	// One for the stream that is refused, one for the history.
	timeout: 4_000,
	refused: () => ofText(connect({ token: "another-secret" })),
	history: {
		connect: (history) => connect({ history }),
		runs: true,
		raced: 1_000,
		wipe: async () => void (await fixture.server.command("FLUSHALL")),
	},
	secrets: ["gateway-secret-token", "another-secret"],
	broker: {
		...control,
		stop: async () => {
			await control.stop();
			// A broker that is back before the next poll was never missed.
			await delay(2 * maxInterval);
		},
	},
	lacks: {
		borrow: "there is no client: see upstash-client.test.ts",
		receivers: "Redis counts subscribers, and who polls is none",
		numsub: "Redis has no subscription",
		clients: "between two polls there is no connection",
	},
});
