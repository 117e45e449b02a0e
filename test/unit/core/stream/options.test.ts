import { expect, test } from "vitest";
import { until } from "../../../support/wait.ts";
import { open, scene } from "./kit.ts";

test.for<[option: string, values: unknown[]]>([
	["maxConnections", [-1, Number.NaN, "10"]],
	["maxConnectionsPerClient", [0, Number.NaN]],
	["maxMessageBytes", [0, Number.NaN]],
	["maxDuration", [0, Number.NaN, "60"]],
	["maxChannels", [0]],
	["maxBufferedBytes", [-1]],
	["keepAlive", [0, Number.POSITIVE_INFINITY]],
	["linger", [-1]],
	["allowedChannels", ["a", [""], [1], {}]],
	["channelPrefix", [1]],
	["authorize", [true]],
	["clientKey", ["ip"]],
	["onConnect", [1]],
	["onDisconnect", [1]],
	["onError", [1]],
])("%s: what is out of range is a TypeError that names it", ([option, values]) => {
	for (const value of values) {
		expect(() => scene({ [option]: value })).toThrow(TypeError);
		expect(() => scene({ [option]: value })).toThrow(option);
	}
});

test("a linger longer than any timer is no linger of nothing", async () => {
	const it = scene({ linger: Number.MAX_SAFE_INTEGER });
	const client = await open(it);
	client.close();
	await until(() => it.sse.stats().connections === 0, { what: "the end" });
	// Where the timer overflowed, it would fire with the next.
	await new Promise((resolve) => setTimeout(resolve, 20));
	expect(it.sse.stats().channels).toBe(1);
});
