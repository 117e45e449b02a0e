import { expect, it } from "vitest";
import { publish, streamUrl } from "../../support/hub-client.ts";
import { type RuntimeName, startServer } from "../../support/server.ts";
import { until } from "../../support/wait.ts";
import type { Bed } from "../bed.ts";

/** Many clients on one hub, and many hubs on one Redis. */
export function sharing(bed: Bed): void {
	const { name, sharesUpstream } = bed.runtime;

	// Where nothing is shared, every client is a connection to Redis: fewer are enough.
	const crowd = sharesUpstream ? 500 : 50;
	const subscriptions = sharesUpstream ? 1 : crowd;

	it(`serves ${crowd} clients of one channel with ${subscriptions} subscriptions`, async (t) => {
		const scene = bed.scene(t);
		const { channel } = scene;
		const hub = bed.hub("redis");
		const streams = await Promise.all(
			Array.from({ length: crowd }, () => scene.open(streamUrl(hub, channel))),
		);
		expect(await bed.redis.numsub(channel)).toBe(subscriptions);
		expect(await publish(hub, { data: "to all", channel })).toBe(subscriptions);
		expect(await publish(hub, { data: "again", channel })).toBe(subscriptions);
		for (const stream of streams) expect(await stream.data(2)).toEqual(["to all", "again"]);

		for (const stream of streams.slice(1)) stream.close();
		await publish(hub, { data: "to the last", channel });
		expect(await streams[0]?.event(3)).toMatchObject({ data: "to the last" });
		streams[0]?.close();
		await until(async () => (await bed.redis.numsub(channel)) === 0, {
			what: "no subscription when the last has left",
		});
	});

	it("exchanges messages with a hub on another runtime", async (t) => {
		const scene = bed.scene(t);
		const { channel } = scene;
		const other: RuntimeName = name === "bun" ? "deno" : "bun";
		const [here, there] = [
			bed.hub("redis"),
			scene.use(await startServer(other, { env: bed.onRedis })),
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
