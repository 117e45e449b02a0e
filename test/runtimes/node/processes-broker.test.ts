import { expect, onTestFinished, test } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { listen } from "../../../src/server/listen/node.ts";
import { openBroker } from "../../../src/server/processes/broker.ts";
import { call } from "../../support/hub-client.ts";

test("the parent's broker serves only its children", async () => {
	const sse = new ServerSentEvents({ connector: memory() });
	const { server, address } = await openBroker(sse, listen);
	onTestFinished(async () => {
		await server.stop();
		await sse.close();
	});
	expect(address).toMatchObject({ token: expect.stringMatching(/^[\da-f]{64}$/), history: false });
	const ask = async (path: string, headers: Record<string, string>) => {
		const body = JSON.stringify({ op: "check" });
		const all = { "edge-sse-relay": "1", ...headers };
		return (await call(address.url + path, { method: "POST", headers: all, body })).status;
	};
	const own = { authorization: `Bearer ${address.token}` };
	expect(await ask("/relay", own)).toBe(200);
	expect(await ask("/relay", {})).toBe(401);
	expect(await ask("/relay", { authorization: `Bearer ${address.token.slice(1)}0` })).toBe(401);
	// A page whose host name resolves to this address.
	expect(await ask("/relay", { ...own, host: "evil.example" })).toBe(421);
	expect(await ask("/elsewhere", own)).toBe(404);
});
