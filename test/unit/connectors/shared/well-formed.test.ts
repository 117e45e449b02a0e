import { expect, test } from "vitest";
import { memory } from "../../../../src/connectors/memory.ts";
import { redis } from "../../../../src/connectors/redis.ts";
import { upstash } from "../../../../src/connectors/upstash.ts";
import { durableObject } from "../../../../src/durable-object/connector.ts";
import { Recorder } from "../../../../src/testing/recorder.ts";
import { namespace } from "../../durable-object/namespace.ts";

// Nothing listens there: names are refused before any connection.
const url = "127.0.0.1:1";

test.each([
	["memory", () => memory()],
	["memory with history", () => memory({ history: {} })],
	["redis", () => redis(`redis://${url}`)],
	["redis with history", () => redis(`redis://${url}`, { history: {} })],
	["upstash", () => upstash({ url: `http://${url}`, token: "x" })],
	["durableObject", () => durableObject(namespace())],
])("%s refuses a lone surrogate with the same error as the other connectors", async (_, make) => {
	const connector = make();
	const rule = "must be well-formed Unicode, without a lone surrogate.";
	for (const half of ["a\ud83d", "\ude00", "\ude00\ud83d"]) {
		const channel = new TypeError(`channel: ${rule}`);
		await expect(connector.publish(half, "x")).rejects.toThrow(channel);
		await expect(connector.subscribe(half, new Recorder())).rejects.toThrow(channel);
		await expect(connector.publish("a", half)).rejects.toThrow(new TypeError(`payload: ${rule}`));
	}
	await connector.close();
});
