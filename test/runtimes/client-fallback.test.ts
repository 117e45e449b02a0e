import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { toNodeHandler } from "../../src/adapters/node.ts";
import { type ClientDebug, EventClient, type EventClientOptions } from "../../src/client.ts";
import { memory } from "../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { type BufferingProxy, bufferingProxy, type Held } from "../support/buffering-proxy.ts";
import { until } from "../support/wait.ts";

/** `edge-sse/client` behind a proxy that holds the stream back. */

interface Scene {
	sse: ServerSentEvents;
	proxy: BufferingProxy;
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

// It tries a stream after a minute. Nothing else here waits that long, except the watchdog with its 75 s.
const realTimeout = globalThis.setTimeout;
beforeEach(() => {
	const scaled = (run: (...all: unknown[]) => void, ms = 0, ...args: unknown[]) =>
		realTimeout(run, ms > 40_000 && ms !== 75_000 ? ms / 40 : ms, ...args);
	globalThis.setTimeout = scaled as typeof setTimeout;
	ends.push(() => {
		globalThis.setTimeout = realTimeout;
	});
});

async function open(): Promise<Scene> {
	const connector = memory({ history: { maxLength: 10_000 } });
	const sse = new ServerSentEvents({ connector, keepAlive: 500, linger: 0 });
	const server = createServer(toNodeHandler(sse)).listen(0, "127.0.0.1");
	await once(server, "listening");
	const proxy = await bufferingProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
	ends.push(async () => {
		await proxy.close();
		await sse.close();
		server.closeAllConnections();
		server.close();
	});
	return { sse, proxy };
}

function listen({ proxy }: Scene, channels: readonly string[], options: EventClientOptions = {}) {
	const query = new URLSearchParams(channels.map((name) => ["channel", name]));
	const debug: ClientDebug[] = [];
	const events = new EventClient(`${proxy.url}/stream?${query}`, {
		...options,
		onDebug: (record) => debug.push(record),
	});
	const states: string[] = [];
	const seen: unknown[] = [];
	const gaps: unknown[] = [];
	events.onState((state) => states.push(state));
	events.on("message", (data) => seen.push(data));
	events.on("sse.gap", (gap) => gaps.push(gap));
	ends.push(() => events.close());
	const when = (what: string, condition: () => boolean, timeout = 25_000) =>
		until(condition, { what: `${what}; ${states.join()}; ${JSON.stringify(debug)}`, timeout });
	const changes = () => states.filter((state) => /open|polling/.test(state));
	return { events, states, seen, gaps, debug, changes, when };
}

for (const held of ["all", "the body"] as const satisfies Held[]) {
	test(`where a proxy holds back ${held} from the beginning, it polls soon`, async () => {
		const scene = await open();
		scene.proxy.hold(held);
		const { sse, proxy } = scene;
		const { states, seen, when, changes } = listen(scene, ["a", "b"]);
		await when("polling", () => states.at(-1) === "polling");
		for (let n = 0; n < 50; n++) await sse.publish(n, { channel: n % 3 === 0 ? "b" : "a" });
		await when("all", () => seen.length >= 50);
		expect(seen).toEqual(Array.from({ length: 50 }, (_, n) => n));
		expect(changes().at(-1)).toBe("polling");
		const polls = proxy.requests.filter(({ accept }) => accept === "application/json");
		expect(polls.some(({ url }) => url.includes("wait=25"))).toBe(true);
	});
}

/** Publishes numbers until it is stopped, and returns how many. */
function flow(sse: ServerSentEvents, channels: readonly string[]): () => Promise<number> {
	let isFlowing = true;
	const flowing = (async () => {
		let n = 0;
		for (; isFlowing; n++) {
			await sse.publish(n, { channel: channels[n % channels.length] ?? "" });
			await new Promise((resolve) => realTimeout(resolve, 20));
		}
		return n;
	})();
	return () => {
		isFlowing = false;
		return flowing;
	};
}

const numbers = (first: number, end: number) =>
	Array.from({ length: end - first }, (_, n) => first + n);

const kinds: Record<string, EventClientOptions> = {
	"": {},
	", with headers": { headers: async () => ({ authorization: "Bearer a" }) },
};

for (const [kind, options] of Object.entries(kinds)) {
	test(`a stream that is held back for a while${kind}: nothing lost, nothing twice`, async () => {
		const scene = await open();
		const { states, seen, gaps, when, changes, debug } = listen(scene, ["a", "b"], options);
		await when("open", () => states.at(-1) === "open");
		const stop = flow(scene.sse, ["a", "b"]);
		ends.push(stop);
		await when("some", () => seen.length > 20);
		scene.proxy.hold("the body");
		await when("polling", () => states.at(-1) === "polling");
		const silences = debug.filter(({ why, error }) => why === "silent" && error);
		expect(silences).toHaveLength(3);
		const before = seen.length;
		await when("more", () => seen.length > before + 100);
		scene.proxy.hold("nothing");
		await when("open", () => states.at(-1) === "open", 60_000);
		const after = seen.length;
		await when("more", () => seen.length > after + 50);
		const count = await stop();
		await when("all", () => seen.at(-1) === count - 1 || seen.at(-2) === count - 1);
		const all = (seen as number[]).toSorted((one, other) => one - other);
		expect(all).toEqual(numbers(all[0] ?? 0, count));
		expect(gaps).toEqual([]);
		expect(changes().filter((each, n) => changes()[n - 1] !== each)).toEqual([
			"open",
			"polling",
			"open",
		]);
	});
}

test("a proxy that passes only what comes with the head is detected, too", async () => {
	const scene = await open();
	scene.proxy.hold("what follows the first bytes");
	const { states, seen, when } = listen(scene, ["a"]);
	await when("polling", () => states.at(-1) === "polling");
	await scene.sse.publish(1, { channel: "a" });
	await when("an event", () => seen.length === 1);
	// The next message confirms a try, and none comes.
	const tried = scene.proxy.requests.length;
	await when("a trial", () =>
		scene.proxy.requests.slice(tried).some(({ accept }) => accept === "text/event-stream"),
	);
	await scene.sse.publish(2, { channel: "a" });
	await when("an event", () => seen.length === 2);
	expect(states.at(-1)).toBe("polling");
});

test("channels come and go while it polls, and gaps name their channel", async () => {
	const scene = await open();
	scene.proxy.hold("all");
	const { events, when, states } = listen(scene, []);
	events.close();
	const told: unknown[] = [];
	const enter = (name: string) =>
		events.channel(name).on("message", (data) => told.push([name, data]));
	const leave = enter("one");
	await when("polling", () => states.at(-1) === "polling");
	await scene.sse.publish("42", { channel: "one" });
	await when("an event", () => told.length === 1);
	enter("two");
	await scene.sse.publish({ n: 2 }, { channel: "one" });
	await when("another", () => told.length === 2);
	await when("polling", () => states.at(-1) === "polling");
	await scene.sse.publish("new", { channel: "two" });
	await when("a third", () => told.length === 3);
	leave();
	expect(told).toEqual([
		["one", "42"],
		["one", { n: 2 }],
		["two", "new"],
	]);
});
