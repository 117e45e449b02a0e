// Loaded by now, so that its first use is as quick as the others.
import "@redis/client";
import { redis } from "../../src/connectors/redis.ts";
import type { Connector, HistoryOptions } from "../../src/core/connector.ts";
import type { BrokerControl, ConnectorHarness } from "../../src/testing.ts";
import type { RedisServer } from "../support/redis-server.ts";

export const password = "s3cret/of:the@suite";

/** Short, so that the tests of outages are short. Long enough for a busy machine. */
export const options = { timeout: 2_500, pingInterval: 500 };

/** What all runs of the suite on Redis have in common. The server may be started later. */
export function harness(server: () => RedisServer) {
	return {
		timeout: options.timeout,
		refused: () => redis(`redis://:wr0ng-s3cret@127.0.0.1:${server().port}`, options),
		secrets: [password, encodeURIComponent(password), "wr0ng-s3cret"],
	} satisfies Partial<ConnectorHarness>;
}

export function history(
	server: () => RedisServer,
	connect: (history: HistoryOptions) => Connector,
) {
	return {
		connect,
		runs: true as const,
		wipe: async () => void (await server().command("FLUSHALL")),
	};
}

export function broker(server: () => RedisServer) {
	return {
		stop: () => server().kill(),
		start: () => server().restart(),
		pause: () => server().pause(),
		resume: () => server().resume(),
		numsub: (channel) => server().numsub(channel),
		clients: () => server().clients(),
		publishes: () => server().publishes(),
	} satisfies BrokerControl;
}
