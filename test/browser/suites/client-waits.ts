import { expect, test } from "vitest";
import { until } from "../../support/wait.ts";
import { path, seen, when } from "../client-scene.ts";
import type { Tab } from "../engines/engine.ts";
import type { Setting } from "./setting.ts";

/** How long `edge-sse/client` waits, independent of the browser. */

const states = (tab: Tab) => tab.evaluate<string[]>("states");

export function clientWaitsSuite(setting: Setting): void {
	test.concurrent("a URL function is called for each connection: a fresh token each time, with the last id", async (t) => {
		const { scene, tab } = await setting.openOne(t);
		await tab.evaluate(`{
			let token = 0;
			const url = async () => {
				if (++token === 2) throw new Error("no token");
				return "/stream?channel=token&token=" + token;
			};
			listen(url, {}, "message");
		}`);
		await when(tab, 'client.state === "open"');
		await scene.sse.publish(0, { channel: "token" });
		await when(tab, "seen.length === 1");
		scene.cut();
		await when(tab, 'client.state === "waiting"');
		await scene.sse.publish(1, { channel: "token" });
		await when(tab, "seen.length === 2");
		expect(await seen(tab)).toEqual([0, 1]);
		expect(scene.requests.map((query) => query.get("token"))).toEqual(["1", "3"]);
		expect(scene.requests[1]?.get("lastEventId")).toMatch(/^\d+-\d+$/);
		expect(await tab.evaluate("errors")).toEqual([expect.stringMatching(/Error: no token$/)]);
	});

	test.concurrent("a refusal is tried again, later each time", async (t) => {
		const { scene, tab } = await setting.openOne(t);
		scene.answer = () => new Response("", { status: 503 });
		const times: number[] = [];
		await tab.evaluate(`listen("${path("refused")}", {}, "message")`);
		for (const count of [1, 2, 3]) {
			await until(() => scene.requests.length >= count, {
				what: `${count} requests`,
			});
			times.push(performance.now());
		}
		scene.answer = undefined;
		const [first = 0, second = 0, third = 0] = times;
		expect(second - first).toBeGreaterThan(1_950);
		expect(third - second).toBeGreaterThan(3_950);
		await when(tab, 'client.state === "open"');
		expect((await states(tab)).slice(0, 3)).toEqual(["connecting", "waiting", "connecting"]);
	});

	test.concurrent("pings keep a quiet stream open, and are not passed to listeners", async (t) => {
		const { scene, tab } = await setting.openOne(t, { keepAlive: 2_000 });
		await tab.evaluate(`{
			window.pings = 0;
			listen("/stream", {}, "message");
			client.on("sse.ping", () => pings++);
		} 0`);
		// More than it waits for.
		await when(tab, "pings >= 5");
		expect(scene.requests).toHaveLength(1);
		expect(await states(tab)).toEqual(["connecting", "open"]);
		expect(await seen(tab)).toEqual([]);
	});
}
