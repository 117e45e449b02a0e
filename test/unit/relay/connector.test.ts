import { expect, onTestFinished, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { Upstream } from "../../../src/relay/upstream.ts";
import { relay, relayHandler } from "../../../src/relay.ts";
import { Recorder } from "../../../src/testing.ts";
import { until } from "../../support/wait.ts";

test('with the scope "request" a subscription that failed or ended leaves nothing behind', async () => {
	let isOpen = false;
	const { fetch } = relayHandler(memory(), { authorize: () => isOpen });
	vi.stubGlobal("fetch", (url: string, init: RequestInit) => fetch(new Request(url, init)));
	onTestFinished(() => void vi.unstubAllGlobals());
	const close = vi.spyOn(Upstream.prototype, "close");
	onTestFinished(() => void close.mockRestore());
	const connector = relay("http://hub", { token: "token", scope: "request" });
	for (let n = 0; n < 3; n++) {
		const failed = connector.subscribe("a", new Recorder());
		await expect(failed).rejects.toMatchObject({ code: "refused" });
	}
	isOpen = true;
	const { unsubscribe } = await connector.subscribe("a", new Recorder());
	await connector.subscribe("b", new Recorder());
	await unsubscribe();
	// close() closes the only upstream that is left.
	await connector.close();
	expect(close).toHaveBeenCalledTimes(1);
});

test("a merge that the hub refuses ends no stream and is tried again", async () => {
	const broker = memory();
	const { fetch } = relayHandler(broker, { authorize: () => true });
	let subscribes = 0;
	vi.stubGlobal("fetch", async (url: string, init: { body: Blob } & RequestInit) => {
		const { op } = JSON.parse(await init.body.text()) as { op: string };
		if (op === "subscribe" && ++subscribes === 3) return new Response("{}", { status: 503 });
		return fetch(new Request(url, init));
	});
	onTestFinished(() => void vi.unstubAllGlobals());
	const connector = relay("http://hub", { token: "token" });
	onTestFinished(() => connector.close());
	const heard = new Map(["a", "b"].map((name) => [name, new Recorder()]));
	// One after the other, so that each has a stream of its own.
	for (const [name, recorder] of heard) await connector.subscribe(name, recorder);
	expect(subscribes).toBe(2);
	for (const reached of [3, 4]) {
		await until(() => subscribes === reached, { what: "a merge" });
		for (const [name, recorder] of heard) {
			await broker.publish(name, String(reached));
			await until(() => recorder.messages.includes(String(reached)), { what: "the message" });
		}
	}
	for (const recorder of heard.values()) {
		expect(recorder.messages).toEqual(["3", "4"]);
		expect(recorder.events).toEqual([]);
	}
});
