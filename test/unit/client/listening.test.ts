import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { EventClient, type EventClientOptions } from "../../../src/client.ts";
import { until } from "../../support/wait.ts";

/**
 * Listeners and loops that are added, removed and closed at the worst moment. The server is a `fetch` of the
 * test.
 */

/** Imported beforehand, so that only a few turns pass before the client acts. */
beforeAll(() => import("../../../src/client/more/client-more.ts"));

const closing: (() => void)[] = [];
afterEach(() => {
	vi.restoreAllMocks();
	vi.unstubAllGlobals();
	for (const close of closing.splice(0)) close();
});

/** @param answers are streams that stay open; the last is used for all later requests. Undefined: a 204. */
function open(answers: (string | undefined)[], options: EventClientOptions = {}) {
	const asked: string[] = [];
	const streams = new Set<string>();
	const fetch = async (url: string, { signal }: RequestInit): Promise<Response> => {
		const text = answers[Math.min(asked.push(url), answers.length) - 1];
		if (text === undefined) return new Response(null, { status: 204 });
		streams.add(url);
		const body = new ReadableStream({
			start(to) {
				to.enqueue(new TextEncoder().encode(text));
				signal?.addEventListener("abort", () => {
					streams.delete(url);
					to.error(signal.reason);
				});
			},
		});
		return new Response(body, { headers: { "content-type": "text/event-stream" } });
	};
	const client = new EventClient("http://hub.test/stream", { ...options, fetch });
	closing.push(() => client.close());
	return { client, asked, streams };
}

const some = async (): Promise<void> => {
	for (let turn = 0; turn < 20; turn++) await nextTurn();
};

const isOpen = (client: EventClient) =>
	until(() => client.state === "open", { what: "an open stream" });

test("close() from the `connecting` listener leaves no stream", async () => {
	const { client, asked, streams } = open([": hello\n\n"]);
	const states: string[] = [];
	client.onState((state) => {
		states.push(state);
		if (state === "connecting") client.close();
	});
	client.on("message", () => undefined);
	await until(() => states.at(-1) === "closed", { what: "the end" });
	await some();
	expect([streams.size, asked.length]).toEqual([0, 0]);
});

test("close() from the listener that hears of a reconnect leaves no stream", async () => {
	const { client, streams } = open(["data: 1\n\n"], { watchdog: 20 });
	const states: string[] = [];
	client.onState((state) => {
		states.push(state);
		if (state === "connecting" && states.length > 1) client.close();
	});
	client.on("message", () => undefined);
	await until(() => states.at(-1) === "closed", { what: "what is expected" });
	await some();
	expect(states).toEqual(["connecting", "open", "connecting", "closed"]);
	expect(streams.size).toBe(0);
});

test("a listener that another listener removed is not called any more", async () => {
	const { client } = open(["data: 1\n\n"]);
	const heard: string[] = [];
	client.on("message", () => {
		heard.push("first");
		stop();
		stopState();
		client.close();
	});
	const stop = client.on("message", () => heard.push("second"));
	client.onState((state) => {
		if (state === "closed") stopLast();
	});
	const stopState = client.onState((state) => heard.push(state));
	const stopLast = client.onState((state) => heard.push(`last ${state}`));
	await until(() => client.state === "closed" && heard.includes("first"), { what: "the end" });
	expect(heard).toEqual(["connecting", "last connecting", "open", "last open", "first"]);
});

test("addEventListener's options object as third argument does not prevent close()", async () => {
	const { client, streams } = open([": hello\n\n"]);
	const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
	const on = client.on as (...args: unknown[]) => unknown;
	on.call(client, "message", () => undefined, { once: true });
	await isOpen(client);
	client.close();
	expect(client.state).toBe("closed");
	await some();
	expect(streams.size).toBe(0);
	expect(errors).toHaveBeenCalled();
});

test("a loop that begins after the stream ended, ends at once", async () => {
	const { client, asked } = open([undefined]);
	const states: string[] = [];
	client.onState((state) => states.push(state));
	client.on("message", () => undefined);
	await until(() => states.at(-1) === "closed", { what: "what is expected" });
	expect(await client.events("other").next()).toEqual({ done: true, value: undefined });
	expect(asked).toHaveLength(1);
});

test("return() of a loop closes only its own stream: the URL's, or that of `channel()`", async () => {
	const { client, streams } = open([": hello\n\n"]);
	const ended: string[] = [];
	const ends = (name: string, loop: AsyncIterator<unknown>) => {
		const note = ({ done }: IteratorResult<unknown>) => done === true && ended.push(name);
		loop.next().then(note, expect.unreachable);
		return async () => loop.return?.();
	};
	const leave = ends("the URL's", client.events("a"));
	const leaveRoom = ends("the channel's", client.channel("room").events("a"));
	await until(() => streams.size === 2, { what: "what is expected" });
	await isOpen(client);
	await leaveRoom();
	await until(() => streams.size === 1, { what: "what is expected" });
	expect([ended, client.state]).toEqual([["the channel's"], "open"]);
	const leaveOther = ends("another channel's", client.channel("other").events("a"));
	await until(() => streams.size === 2, { what: "what is expected" });
	await leave();
	await until(() => streams.size === 1, { what: "what is expected" });
	await some();
	expect(ended).toEqual(["the channel's", "the URL's"]);
	await leaveOther();
	await until(() => ended.length === 3 && streams.size === 0, { what: "what is expected" });
});

test.each([
	["an infinite watchdog", ": hello\n\n", { watchdog: Number.POSITIVE_INFINITY }],
	["a huge ping interval of the server", "event: sse.ping\ndata: 1000000000\n\n", {}],
])("timers stay within the host's maximum despite %s", async (_, text, options) => {
	const timers = vi.spyOn(globalThis, "setTimeout");
	const { client } = open([text], options);
	client.on("message", () => undefined);
	await isOpen(client);
	await some();
	const times = timers.mock.calls.map(([, ms]) => ms ?? 0);
	expect(Math.max(...times)).toBeGreaterThan(1e9);
	expect(Math.max(...times)).toBeLessThan(2 ** 31);
});

test("all listeners of `channel()` hear the server's disconnect", async () => {
	const { client } = open(['event: sse.disconnect\ndata: {"reason":"bye","final":true}\n\n']);
	const heard: unknown[] = [];
	const errors: unknown[] = [];
	vi.spyOn(console, "error").mockImplementation((error) => errors.push(error));
	client.on("sse.disconnect", ({ reason }) => heard.push(reason));
	client.channel("room").on("sse.disconnect", ({ reason }) => heard.push(`room ${reason}`));
	client.channel("other").on("message", () => undefined);
	let told: unknown;
	client.onState((state, error) => {
		if (state === "closed") told = error;
	});
	await until(() => told !== undefined, { what: "what is expected" });
	expect([heard, errors]).toEqual([["bye", "room bye"], []]);
	expect(told).toMatchObject({ message: "bye" });
});

test.each([
	["in Node 20", undefined],
	["on a page without TLS", {}],
])("without Web Locks, as %s, `channel()` does not share its stream", async (_, navigator) => {
	vi.stubGlobal("navigator", navigator);
	vi.stubGlobal("location", new URL("http://page.test/"));
	const bells = vi.fn();
	vi.stubGlobal("BroadcastChannel", bells);
	const timers = vi.spyOn(globalThis, "setInterval");
	const { client, asked } = open([": hello\n\n"], { share: "ours" });
	client.channel("room").on("message", () => undefined);
	await isOpen(client);
	expect(asked).toHaveLength(1);
	expect([bells.mock.calls, timers.mock.calls]).toEqual([[], []]);
});
