import { describe, test } from "vitest";
import type { BrokerControl, TestRunner } from "../../src/testing.ts";
import type { RedisServer } from "../support/redis-server.ts";
import type { UpstashGateway } from "../support/upstash-gateway.ts";
import { until } from "../support/wait.ts";

/** The gateway, and the Redis behind it, as the contract's tests control them. */
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

// The API is made of lines, and nothing says how it sends a payload that has several. Such a payload comes
// back with \n in the place of each line end, at best.
const unpromised = /^E1\. .*: (line ends|protocol text)$/;

/** Each test begins with a quiet gateway. */
export function runner(gateway: () => UpstashGateway): TestRunner {
	return {
		describe,
		test: (name, run) =>
			(unpromised.test(name) ? test.fails : test)(name, async () => {
				// The gateway hears a little later than we do that the test before has hung up; of a connection that
				// Node opened and then did not need, 4 s later.
				await until(async () => (await gateway().connections()) === 0, {
					what: "a quiet gateway",
				});
				await run();
			}),
	};
}
