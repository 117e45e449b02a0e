import { expect, onTestFinished, test } from "vitest";
import { gzip } from "../../../src/compress.ts";
import { memory } from "../../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { ask, open, read, type Scene, scene } from "../core/stream/kit.ts";
import { crowdSize, inflated, message, recorded, unzipped, whole } from "./kit.ts";

const accepting = (value: string, more: RequestInit = {}) => ({
	...more,
	headers: { "accept-encoding": value },
});

test.for([
	["gzip", true],
	["gzip, deflate, br, zstd", true],
	["GZIP", true],
	["x-gzip", true],
	["*", true],
	["br;q=1.0, gzip;q=0.8, *;q=0.1", true],
	["deflate, gzip;q=0.001", true],
	["identity;q=0.5, gzip;q=0.5", true],
	["gzip;q=0", false],
	["gzip; q=0.0, *", false],
	["*;q=0", false],
	["br, deflate", false],
	["identity", false],
	["gzip;q=0.2, identity;q=0.8", false],
	["gzipped", false],
	["gzip;q=x", false],
	["", false],
	[`gzip${", br".repeat(400)}`, false],
] as const)("Accept-Encoding decides about compression: %s", async ([header, isCompressed]) => {
	const response = await ask(scene({ compress: gzip() }), "channel=a", accepting(header));
	expect(response.headers.get("content-encoding")).toBe(isCompressed ? "gzip" : null);
	expect(response.headers.get("vary")).toBe("Accept-Encoding");
	expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
	await response.body?.cancel();
});

test("a stream is sent uncompressed without the header or without the option", async () => {
	const compressing = scene({ compress: gzip() });
	expect((await ask(compressing)).headers.get("content-encoding")).toBeNull();
	const plain = await ask(scene(), "channel=a", accepting("gzip"));
	expect(plain.headers.get("content-encoding")).toBeNull();
	expect(plain.headers.get("vary")).toBeNull();
});

test("HEAD gets the headers of the compressed stream", async () => {
	const response = await ask(
		scene({ compress: gzip(), cors: { origin: "https://a.example" } }),
		"channel=a",
		accepting("gzip", { method: "HEAD" }),
	);
	expect(response.headers.get("content-encoding")).toBe("gzip");
	expect(response.headers.get("vary")).toBe("Origin, Accept-Encoding");
	expect(response.body).toBeNull();
});

test("answers that are no streams are not compressed", async () => {
	const there = scene({ compress: gzip(), history: {}, limits: { connections: 0 } });
	const headers = { "accept-encoding": "gzip", accept: "application/json" };
	const answers = [
		await ask(there, "channel=a", { headers }),
		await ask(there, "channel=a", accepting("gzip", { method: "POST" })),
		await ask(there, `channel=${"a".repeat(600)}`, accepting("gzip")),
		await ask(there, "channel=a", accepting("gzip")), // No place is left: the client is told to reconnect.
	];
	expect(answers.map(({ status }) => status)).toEqual([503, 405, 400, 200]);
	for (const { headers } of answers) expect(headers.get("content-encoding")).toBeNull();
	expect(await answers[3]?.text()).toMatch(/^:\n\nretry:\d+\n\n$/);
});

test("a compressed stream carries the same events as an uncompressed one", async () => {
	const there = scene({ compress: gzip(), history: {} });
	await there.sse.publish("before", { channel: "a" });
	const plain = await open(there, "channel=a", {});
	const coded = await ask(there, "channel=a", accepting("gzip"));
	for (const data of ["one", { two: 2 }, "three\nlines\nhere"]) {
		await there.sse.publish(data, { channel: "a", type: "b" });
	}
	await plain.when(() => plain.events.length === 3, "three events");
	await there.sse.close();
	const decoded = read(unzipped(coded));
	await decoded.when(() => decoded.events.length === 3, "three events");
	await decoded.when(() => decoded.state === "ended", "the end");
	expect(decoded.events).toEqual(plain.events);
});

test.for([
	["the instance closes", (there: Scene) => there.sse.close()],
	[
		"it is disconnected by sse.disconnect()",
		(there: Scene) => there.sse.disconnect({ channel: "a" }),
	],
	["maxDuration is over", () => undefined],
] as const)("a stream that ends because %s is a complete gzip stream", async ([why, end]) => {
	const maxDuration = why === "maxDuration is over" ? 1_000 : undefined;
	const there = scene({ compress: gzip(), keepAlive: 100, maxDuration });
	const response = await ask(there, "channel=a", accepting("gzip"));
	await there.sse.publish("one", { channel: "a" });
	await end(there);
	// This checks the length and the checksum at its end.
	expect(whole([await bytesIn(response)]).toString()).toContain("data:one\n\n");
});

test("stats() counts the compressed bytes", async () => {
	const there = scene({ compress: gzip() });
	const response = await ask(there, "channel=a", accepting("gzip"));
	await there.sse.publish("one", { channel: "a" });
	await there.sse.close();
	expect(there.sse.stats().bytes).toBe((await bytesIn(response)).length);
});

test.for([
	[() => gzip({ level: 3 } as object), "gzip(): level: unknown option. There is one level, 6."],
	[() => gzip({ memory: -1 }), "gzip(): memory: must be a number of 0 or more."],
	[
		() => new ServerSentEvents({ connector: memory(), compress: true as never }),
		'compress: must be what gzip() of "edge-sse/compress" returns.',
	],
	[
		() => new ServerSentEvents({ connector: memory(), compression: gzip() } as never),
		'compression: unknown option. Write compress: gzip(), from "edge-sse/compress".',
	],
] as const)("wrong options are refused: %s", ([wrong, error]) => {
	expect(wrong).toThrow(error);
});

test('a connector with the scope "request" is refused', async () => {
	const { publish, subscribe, close } = memory();
	const connector = { name: "lonely", scope: "request" as const, publish, subscribe, close };
	const sse = new ServerSentEvents({ connector, compress: gzip() });
	await expect(sse.fetch(new Request("http://hub.test/?channel=a"))).rejects.toThrow(
		"compress: not with the connector lonely here.",
	);
});

async function bytesIn(response: Response): Promise<Uint8Array> {
	return new Uint8Array(await response.arrayBuffer());
}

test("pings of many clients are compressed with the messages and keep the window", async () => {
	const compress = recorded();
	const there = scene({ compress, keepAlive: 40, ping: true });
	for (let n = 0; n < crowdSize; n++) {
		const response = await ask(there, "channel=a", accepting("gzip"));
		onTestFinished(() => response.body?.cancel());
		// They join at different ticks of the timer.
		if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 15));
	}
	const pings = () =>
		compress.clients.map(({ plain }) => Buffer.concat(plain).toString().split("sse.ping").length);
	// The messages give the feed a window that the connected clients share.
	for (let n = 0; n < 40; n++) await there.sse.publish(message(n).toString(), { channel: "a" });
	const before = Math.max(...pings());
	await expect.poll(() => Math.min(...pings())).toBeGreaterThan(before + 1);
	await there.sse.publish(`${message(40)}, the last`, { channel: "a" });
	const isLast = (bytes: Uint8Array) => Buffer.from(bytes).includes("the last");
	await expect.poll(() => compress.clients.every(({ plain }) => plain.some(isLast))).toBe(true);
	for (const { plain, coded } of compress.clients) {
		expect(coded[plain.findIndex(isLast)]?.length).toBeLessThan(80);
		expect(inflated(coded).equals(Buffer.concat(plain))).toBe(true);
	}
});

test("a compressed client that reads nothing is disconnected at bufferedBytes, counted compressed", async () => {
	const there = scene({ compress: gzip(), limits: { bufferedBytes: 5_000 } });
	const response = await ask(there, "channel=a", accepting("gzip"));
	for (let n = 0; n < 40; n++) {
		await there.sse.publish("x".repeat(1_000), { channel: "a" });
		await new Promise(setImmediate);
	}
	expect(there.sse.stats().slowClients).toBe(1);
	expect(there.sse.stats().bytes).toBeLessThan(8_000);
	await expect(response.arrayBuffer()).rejects.toThrow("it read too slowly");
});
