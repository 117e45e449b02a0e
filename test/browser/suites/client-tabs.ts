import { randomUUID } from "node:crypto";
import { expect, type TestContext, test } from "vitest";
import { until } from "../../support/wait.ts";
import { from, numbers, startFlow } from "../client-flow.ts";
import { connections, listen, type Scene, when } from "../client-scene.ts";
import type { EngineTab } from "../engines/engine.ts";
import { ways } from "./client-ways.ts";
import type { Setting } from "./setting.ts";

/** Tabs that share a stream, and what happens when the tab that holds it ends. */

interface NamedTab extends EngineTab {
	readonly name: string;
}

/** The tab that requested the last stream, and the others. */
function parted(scene: Scene, tabs: readonly NamedTab[]): { first: NamedTab; rest: NamedTab[] } {
	const first = tabs.find(({ name }) => name === scene.asker);
	if (first === undefined) throw new Error("No tab has asked for a stream.");
	return { first, rest: tabs.filter((tab) => tab !== first) };
}

const withouts = {
	"without Web Locks": { script: "delete Navigator.prototype.locks", options: {} },
	"without BroadcastChannel": { script: "delete window.BroadcastChannel", options: {} },
	"with `share: false`": { script: "", options: { share: false } },
	"with names of their own": { script: "", options: { share: "own" } },
};

export function clientTabsSuite(setting: Setting): void {
	const { has } = setting.engine;

	async function openTabs(
		t: TestContext,
		scene: Scene,
		count: number,
		channels: readonly string[],
	): Promise<NamedTab[]> {
		const tabs: NamedTab[] = [];
		for (let n = 0; n < count; n++) {
			const name = `?tab=${randomUUID()}`;
			const tab = await setting.openTab(t, scene, name);
			await listen(tab, channels);
			tabs.push({ ...tab, name });
		}
		// A tab that hangs could not be closed.
		t.onTestFinished(() => scene.release());
		return tabs;
	}

	for (const [how, { needs, leave, comeBack }] of Object.entries(ways)) {
		if (needs !== undefined && !has.has(needs)) continue;
		test(`the first of five tabs ${how}: one connection, nothing lost, nothing twice`, async (t) => {
			const scene = await setting.openScene(t);
			const channels = ["one", "two"];
			const tabs = await openTabs(t, scene, 5, channels);
			await connections(scene, 1);
			const flow = startFlow(scene, channels);
			t.onTestFinished(async () => {
				await flow.stop();
			});
			await flow.more(100);
			const { first, rest } = parted(scene, tabs);
			await leave(first, scene);
			await until(() => scene.asker !== first.name, { what: "another leader", timeout: 50_000 });
			await flow.more(100);
			if (comeBack !== undefined) {
				await comeBack(first, scene);
				rest.push(first);
				await flow.more(100);
			}
			const count = await flow.stop();
			for (const tab of rest) {
				expect(await numbers(tab, channels, count)).toEqual([from(0, count), from(0, count)]);
				expect(await tab.evaluate("[gaps, errors]")).toEqual([[], []]);
			}
			await connections(scene, 1);
		});
	}

	test("a later tab misses nothing after its open, and gets nothing from before", async (t) => {
		const scene = await setting.openScene(t);
		const channels = ["later 1", "later 2"];
		await openTabs(t, scene, 1, channels);
		const flow = startFlow(scene, channels);
		t.onTestFinished(async () => {
			await flow.stop();
		});
		await flow.more(50);
		const before = flow.count;
		const [tab] = await openTabs(t, scene, 1, channels);
		const open = flow.count;
		await flow.more(50);
		const count = await flow.stop();
		if (tab === undefined) throw new Error("There is no such tab.");
		for (const seen of await numbers(tab, channels, count)) {
			const [first = Number.NaN] = seen;
			expect(first).toBeGreaterThanOrEqual(before - 5); // what was on the way
			expect(first).toBeLessThanOrEqual(open);
			expect(seen).toEqual(from(first, count));
		}
		expect(scene.requests.filter((query) => query.has("channel", "later 1"))).toHaveLength(1);
	});

	// The engine says whether a tab with a stream or a lock can be kept in the cache.
	if (!has.has("back/forward cache")) {
		test("the first of two tabs navigates away and back, and its page is loaded again", async (t) => {
			const scene = await setting.openScene(t);
			const tabs = await openTabs(t, scene, 2, ["one"]);
			const { first, rest } = parted(scene, tabs);
			await scene.sse.publish(0, { channel: "one" });
			await first.goto(`${scene.url}/healthz`);
			await until(() => scene.asker !== first.name, { what: "another leader" });
			await scene.sse.publish(1, { channel: "one" });
			await first.goBack();
			await when(first, "window.persisted === false");
			await listen(first, ["one"]);
			await scene.sse.publish(2, { channel: "one" });
			await when(first, "seen.includes(2)");
			expect(await first.evaluate("seen")).toEqual([2]);
			for (const tab of rest) {
				await when(tab, "seen.includes(2)");
				expect(await tab.evaluate("seen")).toEqual([0, 1, 2]);
			}
			await connections(scene, 1);
		});
	}

	for (const [how, { script, options }] of Object.entries(withouts)) {
		test(`${how} each tab has its own stream`, async (t) => {
			const scene = await setting.openScene(t);
			for (const n of [1, 2]) {
				const tab = await setting.openTab(t, scene);
				await tab.evaluate(script);
				const name =
					"share" in options && options.share === "own" ? { share: `own ${n}` } : options;
				await listen(tab, how, name);
				await connections(scene, n);
				await scene.sse.publish(n, { channel: how });
				await when(tab, `seen.join() === "${n}"`);
			}
		});
	}

	if (has.has("killing") && setting.long) {
		test("the first tab is killed before anything was published: the next begins where it began", async (t) => {
			const scene = await setting.openScene(t);
			const channels = ["quiet 1", "quiet 2"];
			const tabs = await openTabs(t, scene, 2, channels);
			const { first, rest } = parted(scene, tabs);
			scene.answer = () => new Response("", { status: 503 });
			await first.kill();
			await until(() => scene.asker !== first.name, { what: "another leader" });
			await connections(scene, 0);
			for (const n of [0, 1]) {
				for (const channel of channels) await scene.sse.publish([channel, n], { channel });
			}
			scene.answer = undefined;
			for (const tab of rest)
				expect(await numbers(tab, channels, 2)).toEqual([from(0, 2), from(0, 2)]);
		});
	}

	if (has.has("freezing") || has.has("stopping")) {
		test("a tab without the stream is frozen and thawed: it gets what it missed", async (t) => {
			const scene = await setting.openScene(t);
			const channels = ["behind 1", "behind 2"];
			const tabs = await openTabs(t, scene, 3, channels);
			const { first, rest } = parted(scene, tabs);
			const [frozen] = rest;
			const flow = startFlow(scene, channels);
			t.onTestFinished(async () => {
				await flow.stop();
			});
			await flow.more(50);
			if (frozen === undefined) throw new Error("There is no such tab.");
			await frozen.freeze();
			await flow.more(100);
			await frozen.thaw();
			await flow.more(50);
			const count = await flow.stop();
			for (const tab of tabs) {
				expect(await numbers(tab, channels, count)).toEqual([from(0, count), from(0, count)]);
			}
			// It needed a stream of its own for a while. The first one's was not touched.
			expect(await first.evaluate("states")).toEqual(["connecting", "open"]);
			await connections(scene, 1);
		});

		test("each tab gets its own types, also from a tab that did not know of them", async (t) => {
			const scene = await setting.openScene(t);
			const channel = "types";
			const url = `/stream?channel=${channel}`;
			const open = async (types: readonly string[], opened?: EngineTab) => {
				const tab = opened ?? (await setting.openTab(t, scene));
				await tab.evaluate(`listen("${url}", {}, ...${JSON.stringify(types)})`);
				await when(tab, 'client.state === "open"');
				return tab;
			};
			const publish = async (n: number) => {
				for (const type of ["a", "b", "c"])
					await scene.sse.publish(`${type}${n}`, { type, channel });
			};
			const [one, two, three] = [await open(["a"]), await open(["b"]), await open(["a", "c"])];
			await publish(0);
			await one.close();
			await publish(1);
			await when(two, "seen.length === 2");
			// A tab that comes back does not know the types of tabs that opened meanwhile. Firefox opens no tab
			// while one is stopped.
			const fourth = await setting.openTab(t, scene);
			await three.freeze();
			await publish(2);
			// A new tab begins where the tab with the stream is.
			await when(two, "seen.length === 3");
			const four = await open(["b", "message"], fourth);
			await two.close();
			await publish(3);
			await three.thaw();
			await when(three, "seen.length >= 8");
			await publish(4);
			await scene.sse.publish("end", { channel });
			await when(three, "seen.length >= 10");
			await when(four, "seen.includes('end')");
			expect(await three.evaluate("seen")).toEqual(
				[0, 1, 2, 3, 4].flatMap((n) => [`a${n}`, `c${n}`]),
			);
			expect(await four.evaluate("seen")).toEqual(["b3", "b4", "end"]);
			await connections(scene, 1);
		});
	}
}
