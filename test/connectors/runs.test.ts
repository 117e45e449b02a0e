import { type ChildProcess, spawn } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { memory } from "../../src/connectors/memory.ts";
import { redis } from "../../src/connectors/redis.ts";
import { upstash } from "../../src/connectors/upstash.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { useUpstash } from "../support/upstash-fixture.ts";
import { until } from "../support/wait.ts";
import { instance, reloading, told, words } from "./runs-kit.ts";

const fixture = useUpstash();

const onRedis = () => redis(fixture.server.url, { history: {}, timeout: 20_000 });
const onUpstash = () =>
	upstash({
		url: fixture.gateway.url,
		token: fixture.gateway.token,
		timeout: 20_000,
		history: {},
	});
const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const allWords = (count: number) => Array.from({ length: count }, (_, n) => `word${n} `).join("");

test.each([
	["memory", [memory({ history: {} })], 100],
	["redis", [onRedis, onRedis], 100],
	["upstash", [onUpstash, onUpstash], 100],
] as const)(
	"%s: readers that reload at random chunks all see the same text and the end",
	async (_, made, count) => {
		const all = made.map((each) => {
			return instance(typeof each === "function" ? each() : each, { batch: { wait: 10 } }).runs;
		});
		const id = crypto.randomUUID();
		const reading = Promise.all(
			Array.from({ length: count }, (_, seed) => reloading(all, id, seed + 1)),
		);
		const started = await all[0]?.start(id, words(600, 2_000));
		expect(await started?.done).toEqual({ status: "done" });
		const expected = { text: allWords(600), end: "done" };
		for (const each of await reading) expect(each).toEqual(expected);
	},
);

test("a process drains: the readers of its runs continue elsewhere, and none takes it for the end", async () => {
	const [one, other] = [instance(onRedis()), instance(onRedis())];
	const id = crypto.randomUUID();
	const reading = Promise.all(
		Array.from({ length: 50 }, (_, seed) => reloading([one.runs, other.runs], id, seed + 1)),
	);
	const { done } = await other.runs.start(id, words(300, 3_000));
	await until(() => one.sse.stats().connections > 5, { what: "its readers" });
	await one.sse.close({ drain: 500 });
	expect(one.sse.stats().connections).toBe(0);
	expect(await done).toEqual({ status: "done" });
	for (const each of await reading) expect(each).toEqual({ text: allWords(300), end: "done" });
	expect([...one.errors, ...other.errors]).toEqual([]);
});

test("of two processes that start at once one is the producer, 1,000 times", async () => {
	const [one, other] = [instance(onRedis()), instance(onRedis())];
	for (let n = 0; n < 1_000; n += 50) {
		const started = Array.from({ length: 50 }, (_, at) =>
			Promise.all([one, other].map(({ runs }) => runs.start(`twice.${n + at}`, () => []))),
		);
		for (const both of await Promise.all(started)) {
			expect(both.map(({ role }) => role).sort()).toEqual(["producer", "reader"]);
		}
	}
});

test("a producer is killed: all readers are told `lost`", async () => {
	const lease = 4_000;
	const id = crypto.randomUUID();
	const program = new URL("fixtures/run-producer.ts", import.meta.url).pathname;
	const env = { ...process.env, URL: fixture.server.url, ID: id, LEASE: String(lease) };
	const child: ChildProcess = spawn(process.execPath, [program], { env, stdio: "ignore" });
	onTestFinished(() => void child.kill("SIGKILL"));
	const readers = [instance(onRedis()).runs, instance(onRedis()).runs];
	const status = () => readers[0]?.status(id);
	await until(async () => ((await status())?.messages ?? 0) > 10, {
		what: "a run that goes on",
	});
	const reading = readers.flatMap((runs) => [told(runs.read(id)), told(runs.read(id))]);
	await delay(200);
	child.kill("SIGKILL");
	const all = await Promise.all(reading);
	expect(new Set(all.map(({ end }) => end))).toEqual(new Set(["lost"]));
	expect(new Set(all.map(({ text }) => text)).size).toBe(1);
	expect(all[0]?.text).toMatch(/^0 1 2 3 /);
	const entries = (await readers[0]?.snapshot(id))?.chunks.length;
	expect((await status())?.messages).toBe(entries);
});

test("a broker is down for longer than a lease: no reader is told `lost`, and nothing is missing", async () => {
	await using proxy = await tcpProxy({ port: fixture.server.port });
	const url = new URL(fixture.server.url);
	url.port = String(proxy.port);
	const away = () => redis(url.href, { history: {}, timeout: 3_000, pingInterval: 200 });
	const lease = 3_000;
	const [producer, reader] = [instance(away(), { lease }), instance(away(), { lease })];
	const id = crypto.randomUUID();
	const { done } = await producer.runs.start(id, words(300, 5_000));
	const reading = [told(reader.runs.read(id)), told(producer.runs.read(id))];
	await until(async () => ((await reader.runs.status(id))?.messages ?? 0) > 3, { what: "words" });
	proxy.refuse(true);
	proxy.cut();
	await delay(2 * lease);
	proxy.refuse(false);
	expect(await done).toEqual({ status: "done" });
	for (const each of await Promise.all(reading)) {
		expect(each).toEqual({ text: allWords(300), end: "done" });
	}
});

test("a cancel from another process reaches the signal by its subscription, 100 of 100", async () => {
	// The producer would find it by itself when it extends its lease, after a third of it.
	const lease = 120_000;
	const [one, other] = [instance(onRedis(), { lease }), instance(onRedis(), { lease })];
	await other.runs.status("warm");
	let slowest = 0;
	for (let n = 0; n < 100; n++) {
		const id = `cancel.${n}`;
		let aborted: Promise<number> | undefined;
		const { done } = await one.runs.start(id, async function* (signal) {
			aborted = new Promise((resolve) => {
				signal.addEventListener("abort", () => resolve(performance.now()));
			});
			yield "so far";
			// Silent from here on.
			await new Promise(() => undefined);
		});
		await until(async () => (await fixture.server.numsub(`run.${id}`)) === 1, {
			what: "its subscription",
		});
		const begun = performance.now();
		expect(await other.runs.cancel(id, "stop")).toBe(true);
		slowest = Math.max(slowest, ((await aborted) ?? Infinity) - begun);
		expect(await done).toEqual({ status: "cancelled", reason: "stop" });
	}
	console.log(`The slowest of 100 cancels took ${slowest.toFixed(0)} ms.`);
	expect(slowest).toBeLessThan(lease / 3);
});

test("Redis expires the record of a run with its stream, and holds nothing else", async () => {
	const { runs } = instance(onRedis(), { keepDone: 300 });
	const id = crypto.randomUUID();
	const keys = () => fixture.server.command("KEYS", `*${id}`) as Promise<string[]>;
	await (await runs.start(id, () => ["x"])).done;
	expect(await keys()).toHaveLength(2);
	await until(async () => (await keys()).length === 0, { what: "no key left" });
});

test("Redis lost acknowledged messages: the run ends as an error, and no reader sees a text with a hole", async () => {
	const [producer, reader] = [instance(onRedis()), instance(onRedis())];
	const id = crypto.randomUUID();
	let go: () => void = () => undefined;
	const { done } = await producer.runs.start(id, async function* () {
		yield "one";
		await new Promise<void>((resolve) => {
			go = resolve;
		});
		yield "two";
	});
	await until(async () => (await reader.runs.status(id))?.messages === 1, { what: "one" });
	const [key = ""] = (await fixture.server.command("KEYS", `*}:run.${id}`)) as string[];
	await fixture.server.command("DEL", key);
	go();
	expect(await done).toEqual({ status: "error" });
	expect(producer.errors).toContainEqual(expect.objectContaining({ code: "gap" }));
	expect(await told(reader.runs.read(id))).toEqual({ text: "", end: "error" });
});
