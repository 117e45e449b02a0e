import { expect, test, vi } from "vitest";
import type { EndReason } from "../../../../src/core/delivery/connection.ts";
import type { Client } from "../../../resume/client.ts";
import { useClock } from "./clock.ts";
import { ask, expectComeBack, open, read, request, scene } from "./kit.ts";

const clock = useClock();

/** The interval at which the timer checks the streams, in ms. */
const tick = 2_000;

test.for([400, 3_000, 8_000, 60_000, 3_600_000])(
	"with maxDuration %d ms each stream ends in the last tenth, at a time of its own",
	async (maxDuration) => {
		const ends: { reason: EndReason; duration: number }[] = [];
		const it = scene({ maxDuration, linger: 0, onDisconnect: (_, end) => void ends.push(end) });
		// Streams begin at any time between two ticks.
		const clients = [await open(it)];
		await clock.passes(maxDuration / 730);
		for (let n = 0; n < 100; n++) clients.push(await open(it));
		for (let step = 0; step < 100; step++) await clock.passes(maxDuration / 80);
		expect(ends).toHaveLength(clients.length);
		const durations = ends.map(({ duration }) => duration);
		expect(Math.max(...durations)).toBeLessThanOrEqual(maxDuration + 1);
		expect(Math.min(...durations)).toBeGreaterThanOrEqual(0.9 * maxDuration - 1);
		// They began together and end apart.
		expect(Math.max(...durations) - Math.min(...durations)).toBeGreaterThan(maxDuration / 20);
		expect(new Set(durations).size).toBeGreaterThan(4);
		expect(new Set(ends.map(({ reason }) => reason))).toEqual(new Set(["expired"]));
		for (const client of clients) {
			expect([client.state, client.retries.length]).toEqual(["ended", 1]);
		}
		expect(it.sse.stats()).toMatchObject({ connections: 0, slowClients: 0 });
		expect(vi.getTimerCount()).toBe(0);
	},
);

test("without maxDuration a stream does not end by itself", async () => {
	const it = scene();
	const client = await open(it);
	await clock.passes(10_000_000);
	expect(client.state).toBe("open");
});

test.for([1, 700, 1_999, 2_001, 5_500, 61_234])(
	"a stream that expires in %d ms ends at most one tick before, and never later",
	async (ms) => {
		const ends: { reason: EndReason; duration: number }[] = [];
		const it = scene({
			authorize: (_, [name]) => (name === "grant" ? { expires: Date.now() + ms } : true),
			onDisconnect: (_, end) => void ends.push(end),
		});
		const streams: Client[] = [];
		// The timer may have started at any time before.
		for (const wait of [0, 1, 600, 1_300]) {
			await open(it, "channel=stays");
			await clock.passes(wait);
			streams.push(await open(it, "channel=grant"));
			const options = { expires: Date.now() + ms };
			streams.push(read(await it.sse.stream(request("channel=route"), options)));
		}
		await clock.passes(ms);
		expect(streams.map(({ state }) => state)).toEqual(streams.map(() => "ended"));
		expect(ends).toHaveLength(8);
		for (const { reason, duration } of ends) {
			expect(reason).toBe("expired");
			expect(duration).toBeLessThanOrEqual(ms);
			expect(duration).toBeGreaterThanOrEqual(ms - tick);
		}
		expect(it.sse.stats().connections).toBe(4);
	},
);

test.for([
	[10_000, 20_000],
	[20_000, 10_000],
])(
	"when a route expires in %d ms and a grant in %d ms, the earlier one applies",
	async ([route, grant]) => {
		const now = Date.now();
		const it = scene({ authorize: () => ({ expires: now + (grant ?? 0) }) });
		const client = read(await it.sse.stream(request(), { expires: now + (route ?? 0) }));
		await clock.passes(10_000 - tick - 1);
		expect(client.state).toBe("open");
		await clock.passes(tick + 1);
		expect(client.state).toBe("ended");
	},
);

test("a stream that has already expired does not begin: the client is told to reconnect", async () => {
	const it = scene({ authorize: () => ({ expires: Date.now() }) });
	await expectComeBack(await ask(it));
	await expectComeBack(await it.sse.stream(request(), { expires: Date.now() - 1 }));
	expect(it.calls).toEqual([]);
	expect(it.sse.stats()).toMatchObject({ connections: 0, refusedStreams: 2 });
});

test("an `expires` of a route that is no number is a TypeError", async () => {
	const it = scene();
	for (const expires of [Number.NaN, "soon", null]) {
		const options = { expires: expires as number };
		await expect(it.sse.stream(request(), options)).rejects.toThrow(/expires/);
	}
	read(await it.sse.stream(request(), { expires: Number.POSITIVE_INFINITY }));
});
