import { connect } from "node:net";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { openSocketStream } from "../support/event-stream.ts";
import { call, streamUrl } from "../support/hub-client.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type Server, startServer } from "../support/server.ts";
import { type Attempt, attempts } from "./injection/attempts.ts";
import { assertHarmlessHead } from "./injection/heads.ts";
import { hostileRequests } from "./injection/requests.ts";
import { standard } from "./parsers.ts";
import { arrives } from "./parts.ts";

/** Hostile text from every side, through a real hub and a real Redis, as a client reads it. */

const seed = Number(process.env.SEED ?? 20_260_816);
// A name that would be an event of its own wherever it is written unescaped.
const channel = "room\r\n\r\nevent:forged\r\ndata:forged\r\n\r\n";

let server: RedisServer;
let raw: Redis;
const hubs: Record<string, Server> = {};
const publishers: Record<string, ServerSentEvents> = {};

beforeAll(async () => {
	server = await startRedis();
	raw = new Redis(server.url);
	const history = { maxLength: 100 };
	publishers.without = new ServerSentEvents({ connector: redis(server.url, { timeout: 20_000 }) });
	publishers.with = new ServerSentEvents({
		connector: redis(server.url, { history, timeout: 20_000 }),
	});
	const env = { SSE_PUBLISH_TOKEN: token, SSE_REDIS_URL: server.url, SSE_BROKER_TIMEOUT: "20000" };
	[hubs.without, hubs.with] = await Promise.all([
		startServer("node", { env }),
		startServer("node", { env: { ...env, SSE_HISTORY_LENGTH: "100" } }),
	]);
});
afterAll(async () => {
	await Promise.all(Object.values(publishers).map((sse) => sse.close()));
	raw.disconnect();
	await Promise.all(Object.values(hubs).map((hub) => hub.kill()));
	await server.stop();
});

/** The hubs' token, so that they print only one line at their start. */
const token = "for these tests";

describe.for(["without", "with"] as const)("%s history", (kind) => {
	const hub = () => hubs[kind] as Server;
	const sse = () => publishers[kind] as ServerSentEvents;

	/** @returns whether it was accepted. */
	async function make(attempt: Attempt, channel: string): Promise<boolean> {
		if (attempt.side === "redis") {
			await raw.publish(channel, attempt.payload);
			return attempt.honest; // Redis accepts everything, and the hub drops bad messages
		}
		if (attempt.side === "http") {
			const { status, headers } = await call(`${hub().url}/publish`, {
				method: "POST",
				headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
				body: attempt.body(channel),
			});
			assertHarmlessHead(headers);
			expect([200, 400]).toContain(status);
			return status === 200;
		}
		try {
			await sse().publish(attempt.data, { ...attempt.options, channel });
			return true;
		} catch (error) {
			expect(error).toBeInstanceOf(TypeError);
			return false;
		}
	}

	test("the stream has the valid events and no other", async () => {
		const stream = await openSocketStream(streamUrl(hub(), channel));
		const honest: Attempt[] = [];
		for (const attempt of fc.sample(attempts(kind === "with"), { seed, numRuns: 500 })) {
			expect(await make(attempt, channel), JSON.stringify(attempt)).toBe(attempt.honest);
			if (attempt.honest) honest.push(attempt);
		}
		await sse().publish("", { type: "the end", channel });
		await stream.first(({ event }) => event === "the end", "the end");
		stream.close();

		const expected = honest.map(({ expected: { type, data, id } }) => {
			const event = type ? type.toWellFormed() : "message";
			return kind === "with" ? { event, data } : { event, data, id: id?.toWellFormed() };
		});
		const seen = stream.events.map(({ event = "message", data, id }) =>
			kind === "with" ? { event, data } : { event, data, id },
		);
		expect(honest.length).toBeGreaterThan(150);
		expect(seen.slice(0, -1)).toEqual(
			expected.map((each) => ({ ...each, data: arrives(each.data) })),
		);
		expect(stream.retries).toEqual(honest.flatMap(({ expected }) => expected.retry ?? []));
		// An id is given by the store, or by the publisher where there is no store.
		const ids = stream.events.flatMap(({ id }) => id ?? []);
		if (kind === "with") expect(ids.every((id) => /^\d+-\d+$/.test(id))).toBe(true);
		const { events, junk } = standard([new TextEncoder().encode(stream.text)]);
		expect(junk).toEqual([]);
		expect(events.map(({ type, data }) => [type, data])).toEqual(
			stream.events.map(({ event = "message", data }) => [event, data]),
		);
	});

	test("a hostile request gets a stream with only true events", async () => {
		const requests = fc.sample(hostileRequests, { seed, numRuns: 120 });
		for (const { names, header, query } of requests) {
			const url = new URL(streamUrl(hub(), ...names));
			if (query !== "") url.searchParams.set("lastEventId", query);
			const headers: Record<string, string> = header === "" ? {} : { "last-event-id": header };
			const stream = await openSocketStream(url.href, { headers });
			assertHarmlessHead(stream.headers);
			expect(stream.status).toBe(200);
			const asked = [...new Set(names.map((name) => name.toWellFormed()))];
			// The channels of a feed are sorted by name, whatever the order in the URL.
			const lost = kind === "with" && header + query !== "" ? asked.toSorted() : [];
			await stream.when(() => stream.events.length >= lost.length, "the gaps");
			await sse().publish("true", { channel: asked[0] ?? "" });
			await stream.event(lost.length + 1);
			stream.close();
			const { events, junk } = standard([new TextEncoder().encode(stream.text)]);
			expect(junk).toEqual([]);
			expect(events.map(({ type, data }) => [type, JSON.parse(data)])).toEqual([
				...lost.map((channel) => ["sse.gap", { channel }]),
				["message", true],
			]);
		}
	});

	test("every line of the log is one JSON object", () => {
		// Without the hub's first line, and without a first line that was cut off.
		const lines = hub().output.split("\n").slice(1, -1);
		for (const line of lines) {
			expect(Object.keys(JSON.parse(line)).slice(0, 3)).toEqual(["time", "level", "event"]);
		}
	});
});

test.for([
	["a CR in Last-Event-ID", "Last-Event-ID: 1\rX-Forged: forged"],
	["a LF in Last-Event-ID", "Last-Event-ID: 1\nX-Forged: forged"],
	["a folded Last-Event-ID", "Last-Event-ID: 1\r\n X-Forged: forged"],
	["NUL in Last-Event-ID", "Last-Event-ID: 1\0X-Forged: forged"],
	["a second Last-Event-ID", "Last-Event-ID: forged\r\nLast-Event-ID: forged"],
	["an event as Last-Event-ID", "Last-Event-ID: data:forged"],
	["an invalid Origin", "Origin: forged"],
	["a forged X-Forwarded-Host", "X-Forwarded-Host: forged\r\nForwarded: host=forged"],
] as const)("%s does not reach the head of the answer", async ([, header]) => {
	for (const hub of Object.values(hubs)) {
		const head = await rawHead(
			hub,
			`GET /stream?channel=a%0d%0aX-Forged:forged HTTP/1.1\r\n`,
			header,
		);
		expect(head).toMatch(/^HTTP\/1\.1 (200|400) /);
		const lines = head.split("\r\n").slice(1);
		assertHarmlessHead(new Headers(lines.map((line) => line.split(": ", 2) as [string, string])));
	}
});

/** Sends a request that no client library would send, and returns the head of the answer. */
function rawHead(hub: Server, requestLine: string, header: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const { port, host } = new URL(hub.url);
		const socket = connect(Number(port), "127.0.0.1");
		let text = "";
		socket.on("data", (chunk: Buffer) => {
			text += chunk.toString("latin1");
			const end = text.indexOf("\r\n\r\n");
			if (end === -1) return;
			socket.destroy();
			resolve(text.slice(0, end));
		});
		socket.on("error", reject);
		socket.on("close", () => reject(new Error(`The hub hung up: ${text}`)));
		socket.write(`${requestLine}Host: ${host}\r\n${header}\r\n\r\n`, "latin1");
	});
}
