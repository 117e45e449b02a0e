import { expect, test } from "vitest";
import { connections, listen, seen, when } from "../client-scene.ts";
import type { Tab } from "../engines/engine.ts";
import type { Setting } from "./setting.ts";

/** `edge-sse/client` in one tab. */

const states = (tab: Tab) => tab.evaluate<string[]>("states");

export function clientSuite(setting: Setting): void {
	test.concurrent("data is what was published; a string of JSON becomes its value", async (t) => {
		const { scene, tab } = await setting.openOne(t);
		await listen(tab, "data");
		const published = [{ a: [1, "🦆"] }, "text", 'a "quote', "", 0, null, false, "42", '"q"'];
		for (const data of published) await scene.sse.publish(data, { channel: "data" });
		await when(tab, `seen.length === ${published.length}`);
		expect(await seen<unknown>(tab)).toEqual([...published.slice(0, -2), 42, "q"]);
	});

	test.concurrent("data is parsed as the page wants it; data that it cannot parse is reported and left out", async (t) => {
		const { scene, tab } = await setting.openOne(t);
		await tab.evaluate(`{
			const parse = (text, type) => {
				if (text === "bad") throw new Error("no " + text);
				return type + ":" + text;
			};
			const client = new EventClient("/stream", { parse });
			window.client = client;
			client.on("own", (data, event) => seen.push([data, event.type, event.data, typeof event.lastEventId]));
		}`);
		await when(tab, 'client.state === "open"');
		for (const data of ["42", "bad", { a: 1 }]) await scene.sse.publish(data, { type: "own" });
		await when(tab, "seen.length === 2");
		expect(await seen<unknown>(tab)).toEqual([
			["own:42", "own", "own:42", "string"],
			['own:{"a":1}', "own", 'own:{"a":1}', "string"],
		]);
		expect(await tab.evaluate("errors")).toEqual([expect.stringMatching(/Error: no bad$/)]);
	});

	test.concurrent("a listener that throws is reported, and the others are called", async (t) => {
		const { scene, tab } = await setting.openOne(t);
		await tab.evaluate(`{
			window.client = new EventClient("/stream");
			client.on("error", () => { throw new Error("mine"); });
			client.on("error", (data) => seen.push(data));
		}`);
		await when(tab, 'client.state === "open"');
		// Types that EventSource uses for events of its own.
		for (const type of ["error", "open", "error"]) await scene.sse.publish(type, { type });
		await when(tab, "seen.length === 2");
		expect(await tab.evaluate("errors")).toEqual(
			[1, 2].map(() => expect.stringMatching(/Error: mine$/)),
		);
		expect(await tab.evaluate("client.state")).toBe("open");
	});

	test.concurrent("the stream is open while there is a listener", async (t) => {
		const { scene, tab } = await setting.openOne(t);
		await tab.evaluate(`{
			window.client = new EventClient("/stream");
			client.onState((state) => states.push(state));
		}`);
		expect(await tab.evaluate("client.state")).toBe("closed");
		await tab.evaluate("window.stop = client.on('message', (data) => seen.push(data))");
		await connections(scene, 1);
		await when(tab, 'client.state === "open"');
		// As a component that is unmounted and mounted again at once.
		await tab.evaluate("stop(); window.stop = client.on('message', (data) => seen.push(data)); 0");
		await scene.sse.publish(1);
		await when(tab, "seen.length === 1");
		await tab.evaluate("stop(); stop()");
		await connections(scene, 0);
		await scene.sse.publish(2);
		await tab.evaluate("window.stop = client.on('message', (data) => seen.push(data))");
		await when(tab, 'client.state === "open"');
		await scene.sse.publish(3);
		await when(tab, "seen.length === 2");
		expect(await seen(tab)).toEqual([1, 3]);
		expect(scene.requests).toHaveLength(2);
		expect(await states(tab)).toEqual([
			...["connecting", "open", "closed"],
			...["connecting", "open"],
		]);
	});

	test.concurrent("for await: the types that were named, until it is closed", async (t) => {
		const { scene, tab } = await setting.openOne(t);
		await tab.evaluate(`{
			window.client = new EventClient("/stream");
			window.ended = (async () => {
				for await (const { type, data } of client.events("a", "b")) seen.push(type + data);
				return "ended";
			})();
		} 0`);
		await when(tab, 'client.state === "open"');
		for (const type of ["a", "b", "c", "a"]) await scene.sse.publish(1, { type });
		await when(tab, "seen.length === 3");
		expect(await seen(tab)).toEqual(["a1", "b1", "a1"]);
		await tab.evaluate("client.close()");
		expect(await tab.evaluate("ended")).toBe("ended");
		await connections(scene, 0);
	});
}
