import { expect, it } from "vitest";
import { publish, streamUrl } from "../../support/hub-client.ts";
import { type RuntimeName, startServer } from "../../support/server.ts";
import { until } from "../../support/wait.ts";
import type { Fixture } from "../fixture.ts";

/** Many clients on one hub, and many hubs on one Redis. */
export function sharing(fixture: Fixture): void {
	const { name, sharesUpstream } = fixture.runtime;

	// Where nothing is shared, every client is a connection to Redis: fewer are enough.
	const crowd = sharesUpstream ? 500 : 50;
	const subscriptions = sharesUpstream ? 1 : crowd;

	it(`serves ${crowd} clients of one channel with ${subscriptions} subscriptions`, async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = fixture.hub("redis");
		const streams = await Promise.all(
			Array.from({ length: crowd }, () => scene.open(streamUrl(hub, channel))),
		);
		expect(await fixture.redis.numsub(channel)).toBe(subscriptions);
		expect(await publish(hub, { data: "to all", channel })).toBe(subscriptions);
		expect(await publish(hub, { data: "again", channel })).toBe(subscriptions);
		for (const stream of streams) expect(await stream.data(2)).toEqual(["to all", "again"]);

		for (const stream of streams.slice(1)) stream.close();
		await publish(hub, { data: "to the last", channel });
		expect(await streams[0]?.event(3)).toMatchObject({ data: "to the last" });
		streams[0]?.close();
		await until(async () => (await fixture.redis.numsub(channel)) === 0, {
			what: "no subscription when the last has left",
		});
	});

	it("exchanges messages with a hub on another runtime", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const other: RuntimeName = name === "bun" ? "deno" : "bun";
		const [here, there] = [
			fixture.hub("redis"),
			scene.use(await startServer(other, { env: fixture.onRedis })),
		];
		const streams = [
			await scene.open(streamUrl(here, channel)),
			await scene.open(streamUrl(there, channel)),
		];
		expect(await publish(here, { data: "from here", channel })).toBe(2);
		expect(await publish(there, { data: "from there", channel })).toBe(2);
		for (const stream of streams) {
			expect(await stream.data(2)).toEqual(["from here", "from there"]);
		}
	});
}
