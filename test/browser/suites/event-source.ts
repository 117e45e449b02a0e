import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { openSocketStream } from "../../support/event-stream.ts";
import { call, publish } from "../../support/hub-client.ts";
import { freePort } from "../../support/ports.ts";
import { type Server, startServer } from "../../support/server.ts";
import { when } from "../client-scene.ts";
import type { Tab } from "../engines/engine.ts";
import type { Setting } from "./setting.ts";

/** What a page's own script sees, with the plain EventSource that a user of the hub writes. */

interface Seen {
	kind: "open" | "error" | "event";
	/** When, in ms since the page began. */
	at: number;
	readyState: number;
	type: string;
	data?: string;
	lastEventId?: string;
}

function seen(page: Tab): Promise<Seen[]> {
	return page.evaluate("seen");
}

/** The type, data and last id of the events, once there are this many. */
async function events(page: Tab, count: number) {
	await when(page, `seen.filter(({ kind }) => kind === "event").length >= ${count}`);
	const all = (await seen(page)).filter(({ kind }) => kind === "event");
	return all.map(({ type, data, lastEventId }) => [type, data, lastEventId]);
}

async function metrics({ url }: Server): Promise<string> {
	return (await call(`${url}/metrics`)).body;
}

const texts = {
	lines: "one\ntwo\n\nfour",
	lineEnd: "one\n",
	lineEnds: "\n\n",
	empty: "",
	spaces: "  two spaces\n one",
	unicode: "🦆 grüße, 世界 \u2028\u2029\u0085 end",
	frame: "id:1\nevent:x\ndata:y\n\n:",
	byteOrderMark: "\uFEFFtext",
};

export function eventSourceSuite(setting: Setting): void {
	let hub: Server;
	beforeAll(async () => {
		hub = await startServer("node");
	});
	afterAll(() => hub.kill());

	/** A page of the hub's origin that holds only this script. */
	async function listen(
		t: TestContext,
		url: string,
		query: string,
		...types: string[]
	): Promise<Tab> {
		const page = await setting.newPage(t);
		await page.goto(`${url}/healthz`);
		await page.evaluate(`{
			window.seen = [];
			const source = window.source = new EventSource("/stream${query}");
			const record = (kind) => ({ type, data, lastEventId }) =>
				seen.push({ kind, at: performance.now(), readyState: source.readyState, type, data, lastEventId });
			source.onopen = record("open");
			source.onerror = record("error");
			source.onmessage = record("event");
			for (const type of ${JSON.stringify(types)}) source.addEventListener(type, record("event"));
		} 0`);
		await when(page, 'seen.some(({ kind }) => kind === "open")');
		return page;
	}

	/** A hub that can be restarted on its port. The system does not assign that port to others. */
	async function startOn(t: TestContext, port: number, env = {}): Promise<Server> {
		const server = await startServer("node", { env: { PORT: String(port), ...env } });
		t.onTestFinished(() => server.kill());
		return server;
	}

	test.concurrent("open comes at once, before anything is published", async (t) => {
		const page = await listen(t, hub.url, "?channel=opening");
		expect(await seen(page)).toMatchObject([{ kind: "open", readyState: 1 }]);
	});

	test.concurrent("messages and named events arrive in order, with their ids", async (t) => {
		const page = await listen(t, hub.url, "?channel=named", "greeting", "bye");
		const messages = [
			{ data: "first" },
			{ data: { message: "Hello!" }, type: "greeting", id: "42" },
			{ data: "nobody listens", type: "other" },
			{ data: "inherits the id" },
			{ data: "the id is taken back", id: "" },
			{ data: "last", type: "bye", id: "a b" },
		];
		for (const message of messages) await publish(hub, { ...message, channel: "named" });
		expect(await events(page, 5)).toEqual([
			["message", "first", ""],
			["greeting", '{"message":"Hello!"}', "42"],
			["message", "inherits the id", "42"],
			["message", "the id is taken back", ""],
			["bye", "last", "a b"],
		]);
	});

	test.concurrent("text comes back as it was", async (t) => {
		const page = await listen(t, hub.url, "?channel=texts", ...Object.keys(texts));
		for (const [type, data] of Object.entries(texts)) {
			await publish(hub, { data, type, channel: "texts" });
		}
		const received = await events(page, Object.keys(texts).length);
		expect(Object.fromEntries(received.map(([type, data]) => [type, data]))).toEqual(texts);
	});

	const nul = setting.engine.has.has("U+0000") ? "a\u0000b" : "ab";
	test.concurrent(`U+0000 ${nul === "ab" ? "is left out by this browser" : "comes back as it was"}`, async (t) => {
		const page = await listen(t, hub.url, "?channel=nul");
		await publish(hub, { data: "a\u0000b", channel: "nul" });
		expect(await events(page, 1)).toEqual([["message", nul, ""]]);
	});

	test.concurrent("CR and CRLF become the one line end that an event has", async (t) => {
		const page = await listen(t, hub.url, "?channel=crlf");
		await publish(hub, { data: "a\rb\r\nc", channel: "crlf" });
		expect(await events(page, 1)).toEqual([["message", "a\nb\nc", ""]]);
	});

	test.concurrent("JSON comes back as it was", async (t) => {
		const page = await listen(t, hub.url, "?channel=json");
		const values = [{ a: [1, null, true], "🦆": "a\nb" }, [], 0, false, null];
		for (const data of values) await publish(hub, { data, channel: "json" });
		const received = await events(page, values.length);
		expect(received.map(([, data = ""]) => JSON.parse(data))).toEqual(values);
	});

	test.concurrent("several channels arrive on one connection, and no other", async (t) => {
		const page = await listen(t, hub.url, "?channel=one&channel=two%2F%C3%BC%2C%20x");
		const other = await listen(t, hub.url, "?channel=three");
		await publish(hub, { data: 1, channel: "one" });
		await publish(hub, { data: 3, channel: "three" });
		await publish(hub, { data: 2, channel: "two/ü, x" });
		expect((await events(page, 2)).map(([, data]) => data)).toEqual(["1", "2"]);
		expect((await events(other, 1)).map(([, data]) => data)).toEqual(["3"]);
	});

	test.concurrent("it reconnects by itself to a hub that was killed, as fast as retry: says", async (t) => {
		const port = await freePort();
		const killed = await startOn(t, port);
		const page = await listen(t, killed.url, "?channel=back");
		await publish(killed, { data: "before", retry: 150, channel: "back" });
		await events(page, 1);
		await killed.kill();
		await when(page, 'seen.filter(({ kind }) => kind === "error").length >= 4');
		const restarted = await startOn(t, port);
		await when(page, 'seen.filter(({ kind }) => kind === "open").length >= 2');
		await publish(restarted, { data: "after", channel: "back" });
		expect((await events(page, 2)).map(([, data]) => data)).toEqual(["before", "after"]);

		const failures = (await seen(page)).filter(({ kind }) => kind === "error");
		// Every failure left the EventSource connecting (0), not closed (2).
		expect(new Set(failures.map(({ readyState }) => readyState))).toEqual(new Set([0]));
		const waits = failures.slice(1).map(({ at }, before) => at - (failures[before]?.at ?? 0));
		// A busy page hears of a failure late and of the next one in time. A browser's own choice would be
		// 3,000 or more.
		expect(Math.min(...waits)).toBeGreaterThanOrEqual(75);
		expect(Math.min(...waits)).toBeLessThan(2_000);
	});

	test.concurrent("a hub that is shut down says when to come back, and the page does", async (t) => {
		const port = await freePort();
		const stopped = await startOn(t, port);
		const page = await listen(t, stopped.url, "?channel=rolling");
		expect(await stopped.stop()).toBe(0);
		await when(page, 'seen.some(({ kind }) => kind === "error")');
		const restarted = await startOn(t, port);
		await when(page, 'seen.filter(({ kind }) => kind === "open").length >= 2');
		await publish(restarted, { data: "after", channel: "rolling" });
		expect(await events(page, 1)).toEqual([["message", "after", ""]]);
		// The hub spreads its clients over 2 to 6 s.
		const [, lost, next] = await seen(page);
		expect((next?.at ?? 0) - (lost?.at ?? 0)).toBeGreaterThanOrEqual(1_990);
	});

	test.concurrent("a compressed stream brings each event at once, ends, and comes back", async (t) => {
		const port = await freePort();
		const compressing = { SSE_COMPRESS: "true", SSE_DRAIN: "200" };
		const stopped = await startOn(t, port, compressing);
		const page = await listen(t, stopped.url, "?channel=gzip");
		// With it there are enough clients for messages to be compressed.
		const headers = { "accept-encoding": "gzip" };
		const url = `${stopped.url}/stream?channel=gzip`;
		const crowd = await Promise.all(
			Array.from({ length: 40 }, () => openSocketStream(url, { headers })),
		);
		t.onTestFinished(() => {
			for (const viewer of crowd) viewer.close();
		});
		for (let n = 1; n <= 30; n++) {
			const data = `${n}: ${"all is well with this order, ".repeat(8)}`;
			await publish(stopped, { data, channel: "gzip" });
			expect((await events(page, n)).at(-1)?.[1]).toBe(data);
		}
		const [, bytes = ""] = /^sse_bytes_total (\d+)$/m.exec(await metrics(stopped)) ?? [];
		expect(Number(bytes)).toBeLessThan((41 * 30 * 250) / 2);
		expect(await stopped.stop()).toBe(0);
		await when(page, 'seen.some(({ kind }) => kind === "error")');
		const restarted = await startOn(t, port, compressing);
		await when(page, 'seen.filter(({ kind }) => kind === "open").length >= 2');
		await publish(restarted, { data: "after", channel: "gzip" });
		expect((await events(page, 31)).at(-1)).toEqual(["message", "after", ""]);
	});

	test.concurrent("a refusal is final: the page is told, and it does not come back", async (t) => {
		const page = await setting.newPage(t);
		await page.goto(`${hub.url}/healthz`);
		const readyState = await page.evaluate(
			`new Promise((resolve) => {
			const source = new EventSource("/stream?channel=${"x".repeat(513)}");
			source.onerror = () => resolve(source.readyState);
		})`,
		);
		expect(readyState).toBe(2);
	});
}
