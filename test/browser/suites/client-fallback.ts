import { expect, type TestContext, test } from "vitest";
import { bufferingProxy } from "../../support/buffering-proxy.ts";
import { until } from "../../support/wait.ts";
import { from, numbers, startFlow } from "../client-flow.ts";
import { openTab, path, when } from "../client-scene.ts";
import type { EngineTab } from "../engines/engine.ts";
import type { Setting } from "./setting.ts";

/** `edge-sse/client` behind a proxy that holds streams back. */

export function clientFallbackSuite(setting: Setting): void {
	/** A hub behind such a proxy. */
	async function openHeld(t: TestContext) {
		const scene = await setting.openScene(t, { keepAlive: 1_000 });
		const proxy = await bufferingProxy(scene.url);
		t.onTestFinished(() => proxy.close());
		const open = async (): Promise<EngineTab> => {
			const behind = { ...scene, url: proxy.url };
			const tab = await openTab({ newPage: () => setting.newPage(t) }, behind);
			// It tries a stream after a minute. Nothing else here waits that long, except the watchdog with its
			// 75 s.
			await tab.evaluate(`{
				const wait = window.setTimeout;
				window.setTimeout = (run, ms, ...args) => wait(run, ms > 40000 && ms !== 75000 ? ms / 40 : ms, ...args);
			}`);
			return tab;
		};
		return { scene, proxy, open };
	}

	test("tabs poll while streams are held back, and stream again: nothing lost, nothing twice", async (t) => {
		const { scene, proxy, open } = await openHeld(t);
		const channels = ["held 1", "held 2"];
		const tabs = [await open(), await open()];
		proxy.hold("the body");
		for (const tab of tabs) {
			await tab.evaluate(`listen(${JSON.stringify(path(channels))}, {}, "message")`);
			await when(tab, 'client.state === "polling"');
		}
		// One of them asks for both.
		const asks = () => proxy.requests.filter(({ accept }) => accept === "application/json");
		const flow = startFlow(scene, channels);
		t.onTestFinished(async () => {
			await flow.stop();
		});
		await flow.more(60);
		const [first, second] = tabs as [EngineTab, EngineTab];
		for (const tab of tabs) await when(tab, "seen.length >= 60");
		await first.close();
		const before = asks().length;
		await flow.more(60);
		await when(second, `seen.length >= ${2 * flow.count - 20}`);
		expect(asks().length).toBeGreaterThan(before);
		proxy.hold("nothing");
		// A try that began before may take its 30 s.
		await until(() => second.evaluate('client.state === "open"'), {
			what: "a stream again",
			timeout: 70_000,
		});
		await flow.more(60);
		const count = await flow.stop();
		expect(await numbers(second, channels, count)).toEqual([from(0, count), from(0, count)]);
		expect(await second.evaluate("[gaps, errors]")).toEqual([[], []]);
	});

	// What only the client does needs one engine.
	if (!setting.long) return;
	test("a stream that is held back later is given up after three silences, with channel() as well", async (t) => {
		const { scene, proxy, open } = await openHeld(t);
		const tab = await open();
		await tab.evaluate(`{
			window.whys = [];
			window.client = new EventClient("/stream", { onDebug: ({ why, error }) => whys.push([why, String(error)]) });
			client.onState((state) => states.push(state));
			client.on("sse.gap", (gap) => gaps.push(gap));
			for (const name of ["one", "two"]) client.channel(name).on("message", (data) => seen.push(data));
		}`);
		await when(tab, 'client.state === "open"');
		const flow = startFlow(scene, ["one", "two"]);
		t.onTestFinished(async () => {
			await flow.stop();
		});
		await flow.more(60);
		await when(tab, "seen.length >= 60");
		proxy.hold("all");
		await when(tab, 'client.state === "polling"');
		const silences = '([why, error]) => why === "silent" && error.includes("was silent")';
		expect(await tab.evaluate(`whys.filter(${silences}).length`)).toBe(3);
		await flow.more(60);
		const count = await flow.stop();
		expect(await numbers(tab, ["one", "two"], count)).toEqual([from(0, count), from(0, count)]);
		expect(await tab.evaluate("[gaps, errors]")).toEqual([[], []]);
		expect(await tab.evaluate("states")).toContain("polling");
	});
}
