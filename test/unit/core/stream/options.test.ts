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
])("%s out of range is a TypeError that names the option", ([option, values]) => {
	for (const value of values) {
		const options = nested(option.split("."), value);
		expect(() => scene(options)).toThrow(TypeError);
		expect(() => scene(options)).toThrow(option);
	}
});

test("a linger longer than the longest timer does not end at once", async () => {
	const it = scene({ linger: Number.MAX_SAFE_INTEGER });
	const client = await open(it);
	client.close();
	await until(() => it.sse.stats().connections === 0, { what: "the end" });
	// An overflowing timer would fire by now.
	await new Promise((resolve) => setTimeout(resolve, 20));
	expect(it.sse.stats().channels).toBe(1);
});

/** Makes `limits.perClient.connections` an object. `perClient` gets the key that it needs. */
function nested([first = "", ...rest]: string[], value: unknown): object {
	if (rest.length === 0) return { [first]: value };
	return {
		[first]: { ...(first === "perClient" && { key: () => "one" }), ...nested(rest, value) },
	};
}
