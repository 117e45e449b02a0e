import { expect, test } from "vitest";
import { unanswered, unconnected } from "../../../../src/connectors/redis/errors.ts";

test("timeout errors name the option and the variable that allow more time", () => {
	const longer =
		"A busy machine needs longer: raise `timeout`, or SSE_BROKER_TIMEOUT for `sse` and the hub.";
	expect(unanswered("127.0.0.1:6379", 50).message).toBe(
		`Redis at 127.0.0.1:6379 did not answer within 50 ms. Check that it is not stopped, overloaded or cut off. ${longer}`,
	);
	expect(unconnected("127.0.0.1:6379", 49.6).message).toBe(
		`Redis at 127.0.0.1:6379 cannot be reached: no connection within 50 ms. Check that Redis is running there and that the address, port and TLS are right. ${longer}`,
	);
});
