import { expect, test } from "vitest";
import { health } from "../../support/hub-client.ts";
import { until } from "../../support/wait.ts";
import { connections, listen, path, seen, when } from "../client-scene.ts";
import type { Tab } from "../engines/engine.ts";
import type { Setting } from "./setting.ts";

/** `edge-sse/client` in one tab whose stream is lost. */

const states = (tab: Tab) => tab.evaluate<string[]>("states");

export function clientReturnSuite(setting: Setting): void {
	test.concurrent("a lost stream is opened again after 2 to 6 s, from the last id in the URL", async (t) => {
		const { scene, tab } = await setting.openOne(t);
		await listen(tab, "lost");
		await scene.sse.publish(0, { channel: "lost", retry: 50 });
		await when(tab, "seen.length === 1");
		scene.cut();
		const lost = performance.now();
		await scene.sse.publish(1, { channel: "lost" });
		await until(() => scene.requests.length === 2, { what: "a second request" });
		expect(performance.now() - lost).toBeGreaterThan(1_900);
		await when(tab, "seen.length === 2");
		expect(await seen(tab)).toEqual([0, 1]);
		expect(await states(tab)).toEqual(["connecting", "open", "waiting", "connecting", "open"]);
		// Never by the header, which only the browser can send, and a service worker can lose.
		expect(scene.requests.map((query) => query.has("last-event-id"))).toEqual([false, false]);
		expect(scene.requests[1]?.get("lastEventId")).toMatch(/^\d+-\d+$/);
	});

	test.concurrent("it comes back when the server says", async (t) => {
		const { scene, tab } = await setting.openOne(t);
		const times: number[] = [];
		scene.answer = () => {
			const wait = [10, 1_500][times.push(performance.now()) - 1];
			const body = `retry:60000\n\nevent:sse.retry\ndata:${wait}\n\n`;
			if (wait === undefined) return undefined;
			return new Response(body, { headers: { "content-type": "text/event-stream" } });
		};
		await listen(tab, "told");
		// The first two are open for a moment, which a page may see.
		await until(() => times.length === 3, { what: "a third request" });
		await when(tab, 'client.state === "open"');
		// By `retry:` it would wait for a minute.
		const [, second = 0, third = 0] = times;
		expect(third - second).toBeGreaterThan(1_450);
		expect(times).toHaveLength(3);
		// Without a single event it knows where to continue.
		scene.cut();
		await scene.sse.publish(1, { channel: "told" });
		await when(tab, "seen.length === 1");
	});

	test.concurrent("a token in a header is asked for on each connection, and once more after a refusal", async (t) => {
		const { scene, tab } = await setting.openOne(t);
		const before = scene.scripts.length;
		await listen(tab, "plain");
		expect(scene.scripts).toHaveLength(before);
		await tab.evaluate("client.close()");
		await connections(scene, 0);
		scene.answer = (query) =>
			query.get("authorization") === "2" ? new Response("", { status: 401 }) : undefined;
		await tab.evaluate(`{
			let token = 0;
			listen("${path("header")}", { headers: async () => ({ authorization: String(++token) }) }, "message");
		}`);
		await when(tab, 'client.state === "open"');
		await scene.sse.publish(0, { channel: "header", retry: 300 });
		await when(tab, "seen.length === 1");
		scene.cut();
		await scene.sse.publish(1, { channel: "header" });
		await when(tab, "seen.length === 2");
		expect(await seen(tab)).toEqual([0, 1]);
		const asked = scene.requests.filter((query) => query.has("channel", "header"));
		expect(asked.map((query) => query.get("authorization"))).toEqual(["1", "2", "3"]);
		expect(asked.map((query) => query.has("lastEventId"))).toEqual([false, false, false]);
		expect(asked[2]?.get("last-event-id")).toMatch(/^\d+-\d+$/);
		expect(scene.scripts).toHaveLength(before + 1);
	});

	test.concurrent("with `retry: false` a refusal is final", async (t) => {
		const { scene, tab } = await setting.openOne(t);
		scene.answer = () => new Response("", { status: 403 });
		await tab.evaluate(`listen("${path("refused")}", { retry: false }, "message")`);
		await when(tab, 'states.at(-1) === "closed"');
		expect(await states(tab)).toEqual(["connecting", "closed"]);
		expect(scene.requests).toHaveLength(1);
	});

	for (const [how, scene, options] of [
		["than three pings take", { keepAlive: 200 }, {}],
		["than `watchdog` says", { pings: false }, { watchdog: 400 }],
	] as const) {
		test.concurrent(`a stream that is silent for longer ${how} is reopened`, async (t) => {
			const { scene: hub, tab } = await setting.openOne(t, scene);
			await listen(tab, "silent", options);
			if (!("watchdog" in options)) {
				await tab.evaluate("client.on('sse.ping', () => { window.pinged = true; }); 0");
				await when(tab, "window.pinged");
			}
			await hub.sse.publish(0, { channel: "silent" });
			await when(tab, "seen.length === 1");
			hub.mute(true);
			await hub.sse.publish(1, { channel: "silent" });
			await when(tab, "seen.length === 2");
			expect(await seen(tab)).toEqual([0, 1]);
			// A quiet channel without pings is silent again soon: its present state does not matter.
			await when(tab, "states.length >= 4");
			expect((await states(tab)).slice(0, 4)).toEqual(["connecting", "open", "connecting", "open"]);
			// Without pings it waits ever longer between its attempts, and may have no stream just now.
			const most = "watchdog" in options ? [0, 1] : [1];
			await until(async () => most.includes((await health(hub)).connections), {
				what: `${most} connections at the hub`,
			});
		});
	}

	test.concurrent("when the network is back the stream is reopened", async (t) => {
		const { scene, tab } = await setting.openOne(t, { pings: false });
		await listen(tab, "network");
		await scene.sse.publish(0, { channel: "network" });
		await when(tab, "seen.length === 1");
		scene.mute(true);
		await scene.sse.publish(1, { channel: "network" });
		// As after a change of networks: the old connection is dead, without a sign.
		await tab.evaluate("dispatchEvent(new Event('online')); 0");
		await when(tab, "seen.length === 2");
		expect(await seen(tab)).toEqual([0, 1]);
	});

	test.concurrent("a gap is an event", async (t) => {
		const { scene, tab } = await setting.openOne(t, { history: 3 });
		await listen(tab, "gap");
		await scene.sse.publish(0, { channel: "gap", retry: 50 });
		await when(tab, "seen.length === 1");
		scene.answer = () => new Response("", { status: 503 });
		scene.cut();
		await when(tab, 'client.state === "waiting"');
		for (let n = 1; n < 9; n++) await scene.sse.publish(n, { channel: "gap" });
		scene.answer = undefined;
		await when(tab, "seen.includes(8)");
		expect(await tab.evaluate("gaps")).toMatchObject([{ channel: "gap" }]);
	});

	test.concurrent("without history and pings, new messages come", async (t) => {
		const { scene, tab } = await setting.openOne(t, { history: 0, pings: false });
		await listen(tab, "plain");
		for (const id of ["2.a", "1.a", "1.a", ""]) {
			await scene.sse.publish(id, { channel: "plain", id, retry: 50 });
		}
		await when(tab, "seen.length === 4");
		scene.cut();
		await when(tab, 'states.join() === "connecting,open,waiting,connecting,open"');
		await scene.sse.publish("new", { channel: "plain" });
		await when(tab, "seen.length === 5");
		expect(await seen<unknown>(tab)).toEqual(["2.a", "1.a", "1.a", "", "new"]);
	});
}
