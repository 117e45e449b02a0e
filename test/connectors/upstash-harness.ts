import { describe, test } from "vitest";
import type { BrokerControl, TestRunner } from "../../src/testing.ts";
import type { RedisServer } from "../support/redis-server.ts";
import type { UpstashGateway } from "../support/upstash-gateway.ts";
import { until } from "../support/wait.ts";

/** The gateway and the Redis behind it, as the contract's tests control them. */
export function broker(gateway: () => UpstashGateway, server: () => RedisServer) {
	return {
		stop: () => gateway().stop(),
		start: () => gateway().start(),
		pause: () => gateway().pause(),
		resume: () => gateway().resume(),
		numsub: (channel: string) => server().numsub(channel),
		clients: () => gateway().connections(),
		publishes: async () => gateway().publishes,
	} satisfies BrokerControl;
}

// The API is line-based, and does not say how it sends a payload of several lines. Such a payload comes back
// with
//  in the place of each line end, at best.
const unpromised = /^E1\. .*: (line ends|protocol text)$/;

/** Each test begins with a quiet gateway. */
export function runner(gateway: () => UpstashGateway): TestRunner {
	return {
		describe,
		test: (name, run) =>
			(unpromised.test(name) ? test.fails : test)(name, async () => {
				// The gateway hears a little later than we do that the previous test has hung up. If Node
				// opened a connection that it did not need, that takes 4 s more.
				await until(async () => (await gateway().connections()) === 0, {
					what: "a quiet gateway",
				});
				await run();
			}),
	};
}
