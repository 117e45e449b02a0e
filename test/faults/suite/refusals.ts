import { expect } from "vitest";
import { health, post, publish } from "../../support/hub-client.ts";
import { until } from "../../support/wait.ts";
import { measured } from "../figures.ts";
import { fault, type Runtime, type Scene } from "../scene.ts";

const timeout = 20_000;

/** A Redis that answers every command with an error. */
export function refusals(runtime: Runtime): void {
	/** A client that is only asked to come back. */
	const turnedAway = async (scene: Scene, hub: Awaited<ReturnType<Scene["hub"]>>) => {
		const client = scene.open(hub, [scene.channel]);
		await client.over();
		expect(client).toMatchObject({ state: "ended", events: [], retries: 1 });
	};

	fault(
		runtime,
		"a wrong password: clients are told to come back, and publishing fails",
		async (s) => {
			const redis = await s.redis({ password: "right" });
			const hub = await s.hub({ SSE_REDIS_URL: redis.url.replace("right", "wr0ng") });
			await turnedAway(s, hub);
			const { status } = await post(hub, { data: 1, channel: s.channel });
			expect(status).toBeGreaterThanOrEqual(500);
			expect((await health(hub)).status).toBe("refused");
			expect(hub.output).toContain("WRONGPASS");
			expect(hub.output).not.toContain("wr0ng");
		},
	);

	fault(
		runtime,
		"an ACL that forbids a channel: that channel is refused, and others work",
		async (s) => {
			const redis = await s.redis({ users: ["alice on >pass ~* &open.* +@all"] });
			const hub = await s.hub({ SSE_REDIS_URL: redis.url.replace("://", "://alice:pass@") });
			const open = await s.stream(hub, ["open.1"]);
			await turnedAway(s, hub);
			expect((await post(hub, { data: 1, channel: s.channel })).status).toBeGreaterThanOrEqual(500);
			expect((await health(hub)).status).toBe("ok");
			await publish(hub, { data: "still here", channel: "open.1" });
			await until(() => open.events.length === 1, {
				what: "the event of the open channel",
				timeout,
			});
			expect(open.state).toBe("open");
		},
	);

	fault(
		runtime,
		"a read-only replica: streams continue, and storing fails until it is a master",
		async (s) => {
			const redis = await s.redis();
			const hub = await s.hub({ SSE_REDIS_URL: redis.url, SSE_HISTORY_LENGTH: "100" });
			const client = await s.stream(hub, [s.channel]);
			await publish(hub, { data: "before", channel: s.channel });
			await redis.command("REPLICAOF", "127.0.0.1", "1");
			const { status, json } = await post(hub, { data: "lost", channel: s.channel });
			expect(status).toBe(503);
			expect(json.error).toContain("not published");
			await redis.command("REPLICAOF", "NO", "ONE");
			const published = async () =>
				(await post(hub, { data: "after", channel: s.channel })).status === 200;
			await until(published, { what: "publishing to work again", timeout });
			await until(() => client.events.some(({ data }) => data === "after"), {
				what: "it",
				timeout,
			});
			expect(client.events.map(({ data }) => data)).toEqual(["before", "after"]);
			expect(client.state).toBe("open");
		},
	);

	fault(
		runtime,
		"max clients reached: the hub retries, and connects once there is room",
		async (s) => {
			const redis = await s.redis();
			const hub = await s.hub({ SSE_REDIS_URL: redis.url });
			// This test makes one connection of this kind, and there must be room for it.
			await redis.command("CONFIG", "SET", "maxclients", "1");
			const holder = s.publisher(redis.url);
			await holder.publish("nobody");
			await turnedAway(s, hub);
			expect((await post(hub, { data: "lost", channel: s.channel })).status).toBe(503);
			expect((await health(hub)).status).toBe("unavailable");
			const begun = performance.now();
			await holder.close();
			await redis.command("CONFIG", "SET", "maxclients", "100");
			const healthy = async () => (await health(hub)).status === "ok";
			await until(healthy, { what: "its health to return", timeout });
			measured(
				runtime.name,
				"max clients",
				`${Math.round(performance.now() - begun)} ms until it serves again`,
			);
			const client = await s.stream(hub, [s.channel]);
			await publish(hub, { data: "found", channel: s.channel });
			await until(() => client.events.length === 1, { what: "the event", timeout });
		},
	);
}
