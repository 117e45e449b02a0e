import { expect, onTestFinished, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { Upstream } from "../../../src/relay/upstream.ts";
import { relay, relayHandler } from "../../../src/relay.ts";
import { Recorder } from "../../../src/testing.ts";

test("where each request has its own subscription, one that fails or ends leaves nothing", async () => {
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
	// It closes those that it still has: that of the last.
	await connector.close();
	expect(close).toHaveBeenCalledTimes(1);
});
