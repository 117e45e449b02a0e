import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { health, publish, streamUrl } from "../../support/hub-client.ts";
import { until } from "../../support/wait.ts";
import type { Fixture } from "../fixture.ts";

/** Silence, and clients that do not read. */
export function limits(fixture: Fixture): void {
	it("keeps a silent stream alive with comments, every SSE_KEEP_ALIVE ms", async (t) => {
		const scene = fixture.scene(t);
		const hub = await scene.hub({ ...fixture.onRedis, SSE_KEEP_ALIVE: "40" });
		const stream = await scene.open(streamUrl(hub, scene.channel));
		await stream.comment(10);
		expect(stream).toMatchObject({ state: "open", events: [], retries: [] });
		expect(stream.text).toMatch(/^(:\n\n){10,}$/);
	});

	it("keeps a stream open that gets no message for 13 s", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		// The keep-alive is far away: a host that closes silent streams (Bun, after 10 s) would do it here.
		const hub = await scene.hub({ ...fixture.onRedis, SSE_KEEP_ALIVE: "600000" });
		const stream = await scene.open(streamUrl(hub, channel));
		await stream.comment();
		// The silence itself is the case. Other cases run meanwhile.
		await delay(13_000);
		expect(stream).toMatchObject({ state: "open", text: ":\n\n" });
		await publish(hub, { data: "still there", channel });
		expect(await stream.event()).toMatchObject({ data: "still there" });
	});

	it("disconnects a client that does not read, and no other", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({
			...fixture.onRedis,
			SSE_MAX_BUFFERED_BYTES: "200000",
			SSE_KEEP_ALIVE: "600000",
			SSE_LINGER: "50",
		});
		const reader = await scene.open(streamUrl(hub, channel));
		const sleeper = await scene.openSocket(streamUrl(hub, channel));
		await Promise.all([reader.comment(), sleeper.comment()]);
		sleeper.pause();

		// The two kernels' buffers fill first: some MB on Linux. The bound here is 64 MB.
		const text = "x".repeat(250_000);
		let sent = 0;
		while ((await health(hub)).connections === 2) {
			expect(sent, "messages of 250 kB to a client that does not read").toBeLessThan(256);
			await publish(hub, { data: `${++sent} ${text}`, channel });
			// One after the other: the reader must not fall behind as well.
			await reader.event(sent);
		}
		await until(() => hub.output.includes("slow_consumer"), { what: "the report of it" });
		await publish(hub, { data: "on and on", channel });
		expect(await reader.event(sent + 1)).toMatchObject({ data: "on and on" });
		expect(reader.state).toBe("open");
		const numbers = reader.events.slice(0, sent).map((event) => Number.parseInt(event.data, 10));
		expect(numbers).toEqual(Array.from({ length: sent }, (_, n) => n + 1));
	});
}
