import { expect, test } from "vitest";
import { until } from "../../../support/wait.ts";
import { open, scene } from "./kit.ts";

test.for<[option: string, values: unknown[]]>([
	["limits.connections", [-1, Number.NaN, "10"]],
	["limits.perClient.connections", [0, Number.NaN]],
	["limits.perClient.key", ["ip"]],
	["limits.messageBytes", [0, Number.NaN]],
	["maxDuration", [0, Number.NaN, "60"]],
	["limits.channels", [0]],
	["limits.bufferedBytes", [-1]],
	["keepAlive", [0, Number.POSITIVE_INFINITY]],
	["linger", [-1]],
	["flushEvery", [-1, 1_001, Number.NaN, Number.POSITIVE_INFINITY, "20"]],
	["channels.allowed", ["a", [""], [1], {}]],
	["channels.prefix", [1]],
	["authorize", [true]],
	["onConnect", [1]],
	["onDisconnect", [1]],
	["onError", [1]],
])("%s: what is out of range is a TypeError that names it", ([option, values]) => {
	for (const value of values) {
		const options = nested(option.split("."), value);
		expect(() => scene(options)).toThrow(TypeError);
		expect(() => scene(options)).toThrow(option);
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

/** `limits.perClient.connections` as an object; `perClient` has the key that it needs. */
function nested([first = "", ...rest]: string[], value: unknown): object {
	if (rest.length === 0) return { [first]: value };
	return {
		[first]: { ...(first === "perClient" && { key: () => "one" }), ...nested(rest, value) },
	};
}
