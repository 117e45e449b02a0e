import { expect, onTestFinished, test, vi } from "vitest";
import type { EndReason } from "../../../../src/core/delivery/connection.ts";
import { ConnectorError } from "../../../../src/core/errors.ts";
import type { StreamInfo } from "../../../../src/core/options.ts";
import { useClock } from "./clock.ts";
import { ask, open, request, scene, told } from "./kit.ts";

const clock = useClock();

/** Records what the hooks heard, in order. */
function listener() {
	const connected: [StreamInfo, Request][] = [];
	const disconnected: [StreamInfo, { reason: EndReason; duration: number }][] = [];
	return {
		connected,
		disconnected,
		onConnect: (...heard: [StreamInfo, Request]) => void connected.push(heard),
		onDisconnect: (...heard: [StreamInfo, { reason: EndReason; duration: number }]) =>
			void disconnected.push(heard),
	};
}

test("onConnect gets the client and its request once the stream has begun", async () => {
	const heard = listener();
	const it = scene({ ...heard, authorize: () => ({ channels: ["b"] }) });
	const { promise, resolve } = Promise.withResolvers<void>();
	it.broker.ready = promise;
	const asked = request("channel=a&channel=b");
	const answer = it.sse.fetch(asked);
	await clock.passes(10);
	expect([it.calls, heard.connected]).toEqual([["subscribe b"], []]);
	resolve();
	await (await answer).body?.cancel();
	expect(heard.connected).toEqual([[{ channels: ["b"] }, asked]]);
	expect(heard.disconnected).toHaveLength(1);
});

test("onDisconnect gets the same client, the reason and the duration, however the stream ended", async () => {
	const heard = listener();
	const it = scene({ ...heard, limits: { bufferedBytes: 10 }, linger: 0 });
	const abort = new AbortController();
	await open(it, "channel=signal", { signal: abort.signal });
	const cancelled = await open(it, "channel=cancel");
	const slow = await open(it, "channel=slow", { paused: true });
	await clock.passes(1_000);
	abort.abort();
	await clock.passes(234);
	cancelled.close();
	await clock.passes(1);
	for (const data of ["x".repeat(20), "y"]) {
		await it.sse.publish(data, { channel: "slow" });
		await clock.passes(0);
	}
	const options = { channel: "expires", expires: Date.now() + 5_000 };
	await (await it.sse.stream(request(), options)).body?.getReader().read();
	await clock.passes(5_000);
	await open(it, "channel=upstream");
	await clock.passes(77);
	it.broker.subscribers.get("upstream")?.onEnd(new ConnectorError("refused", "no"));
	await open(it, "channel=close");
	await clock.passes(3);
	await it.sse.close();
	// Later signs of the end change nothing.
	abort.abort();
	slow.close();
	await clock.passes(100);
	const ends = heard.disconnected.map(([{ channels }, end]) => [
		...channels,
		...Object.values(end),
	]);
	const expired = ends.find(([name]) => name === "expires")?.[2];
	expect(ends).toEqual([
		["signal", "left", 1_000],
		["cancel", "left", 1_234],
		["slow", "slow", 1_235],
		["expires", "expired", expired],
		["upstream", "closed", 77],
		["close", "closed", 3],
	]);
	const clients = new Set(heard.connected.map(([client]) => client));
	expect(clients.size).toBe(6);
	expect(new Set(heard.disconnected.map(([client]) => client))).toEqual(clients);
	for (const [client] of heard.disconnected) expect(clients.has(client)).toBe(true);
});

test("the hooks are not called for refused clients", async () => {
	const heard = listener();
	const it = scene({
		...heard,
		authorize: (_, [name]) => name === "a",
		limits: { connections: 1 },
	});
	await ask(it, "channel=b");
	await ask(it, "channel=a", { method: "HEAD" });
	await open(it);
	await ask(it);
	await it.sse.close();
	await ask(it);
	expect([heard.connected.length, heard.disconnected.length]).toEqual([1, 1]);
});

test("for a client that left before its stream began, onConnect is called before onDisconnect", async () => {
	const order: string[] = [];
	const it = scene({
		onConnect: () => void order.push("connect"),
		onDisconnect: (_, { reason }) => void order.push(reason),
	});
	await open(it, "", { signal: AbortSignal.abort() });
	expect(order).toEqual(["connect", "left"]);
});

test("each hook works without the other", async () => {
	const heard = listener();
	const [one, two] = [
		scene({ onConnect: heard.onConnect }),
		scene({ onDisconnect: heard.onDisconnect }),
	];
	for (const it of [one, two]) (await open(it)).close();
	expect([heard.connected.length, heard.disconnected.length]).toEqual([1, 1]);
});

const failures: [how: string, hook: () => unknown, reports: number][] = [
	[
		"throws",
		() => {
			throw new Error("oops");
		},
		2,
	],
	["rejects", () => Promise.reject(new Error("oops")), 2],
	["rejects, as a thenable of a library", () => rejecting, 2],
	["never resolves", () => new Promise(() => undefined), 0],
];

const rejecting = {
	// biome-ignore lint/suspicious/noThenProperty: query builders are such thenables
	then: (_: unknown, reject: (error: Error) => void) => reject(new Error("oops")),
};

test.for(failures)(
	"a hook that %s is reported, and the stream goes on",
	async ([, hook, count]) => {
		const it = scene({ onConnect: hook as () => void, onDisconnect: hook as () => void });
		const client = await open(it);
		await it.sse.publish("still", { channel: "a" });
		expect(await client.event()).toMatchObject({ data: "still" });
		client.close();
		await clock.passes(0);
		expect(it.sse.stats().connections).toBe(0);
		expect(told(it)).toEqual(Array.from({ length: count }, () => "hook: oops"));
	},
);

test.for(failures)(
	"an onError that %s is logged to the console, and the stream goes on",
	async ([, onError, count]) => {
		const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
		onTestFinished(() => log.mockRestore());
		const it = scene({ onError: onError as () => void });
		const client = await open(it);
		await it.broker.publish("a", "no message");
		await it.sse.publish("still", { channel: "a" });
		expect(await client.event()).toMatchObject({ data: "still" });
		await clock.passes(0);
		expect(log.mock.calls.map(([text]) => text)).toEqual(
			count === 0 ? [] : ["edge-sse: onError failed."],
		);
	},
);

test("by default errors go to the console, and an operational one takes one line", async () => {
	const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
	onTestFinished(() => log.mockRestore());
	const oops = new Error("oops");
	const it = scene({
		onError: undefined,
		onConnect: () => {
			throw oops;
		},
	});
	await open(it);
	await it.broker.publish("a", "no message");
	// The channel's name comes from the client: it is quoted, and is not used as a format string.
	expect(log.mock.calls).toEqual([
		["%s", "edge-sse (hook):", oops],
		["%s", 'edge-sse (decode, "a"):', expect.stringMatching(/^Dropped a payload/)],
	]);
});
