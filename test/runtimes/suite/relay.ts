import { expect, it } from "vitest";
import { call, post, publish, streamUrl } from "../../support/hub-client.ts";
import { freePort } from "../../support/ports.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/wait.ts";
import type { Fixture } from "../fixture.ts";

/** A hub whose broker is another hub. */
export function relay(fixture: Fixture): void {
	// A Worker can relay, and is no root.
	const { name } = fixture.runtime;
	const rootName = name === "workers" ? "node" : name;
	const token = "relay-token";
	const kept = { SSE_HISTORY_LENGTH: "100", SSE_RELAY_TOKEN: token, SSE_PUBLISH_OPEN: "true" };
	const below = {
		SSE_UPSTREAM_TOKEN: token,
		SSE_UPSTREAM_HISTORY: "true",
		SSE_BROKER_TIMEOUT: "20000",
		SSE_PUBLISH_OPEN: "true",
	};

	it("relays another hub both ways, and resumes by its positions, also over its restart", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const env = { ...fixture.onRedis, ...kept, PORT: String(await freePort()) };
		const start = async () => scene.use(await startServer(rootName, { env }));
		const root = await start();
		const hub = await scene.hub({ ...below, SSE_UPSTREAM_URL: root.url });
		if (name !== "workers") expect(hub.broker).toBe("relay");

		const stream = await scene.open(streamUrl(hub, channel));
		const say = async (where: typeof hub, data: number) => {
			const { status, json } = await post(where, { data, channel });
			expect({ status, json }).toMatchObject({ status: 200, json: { id: expect.any(String) } });
			return (json as { id: string }).id;
		};
		const id = await say(root, 1);
		await say(hub, 2);
		expect(await stream.data(2)).toEqual(["1", "2"]);
		expect(await stream.event(1)).toMatchObject({ id });

		// A viewer may move from one hub to the other.
		for (const each of [hub, root]) {
			const back = await scene.open(streamUrl(each, channel), { "last-event-id": id });
			expect(await back.data(1)).toEqual(["2"]);
			back.close();
		}

		await root.kill();
		expect((await post(hub, { data: "lost", channel })).status).toBe(503);
		const again = await start();
		await say(again, 3);
		await until(async () => (await post(hub, { data: 4, channel })).status === 200, {
			what: "the relay to publish again",
		});
		expect((await stream.data(4)).slice(0, 4)).toEqual(["1", "2", "3", "4"]);
		expect(stream.state).toBe("open");
	});

	it("refuses relays without SSE_RELAY_TOKEN, and with another one", async (t) => {
		const scene = fixture.scene(t);
		const closed = await call(`${fixture.hub("embedded").url}/relay`, { method: "POST" });
		expect(closed).toMatchObject({ status: 404, body: expect.stringContaining("SSE_RELAY_TOKEN") });
		const root = scene.use(await startServer(rootName, { env: kept }));
		for (const headers of [{}, { authorization: "Bearer another" }]) {
			const { status } = await call(`${root.url}/relay`, { method: "POST", headers });
			expect(status).toBe(401);
		}
		const wrong = { ...below, SSE_UPSTREAM_TOKEN: "another", SSE_UPSTREAM_URL: root.url };
		const hub = await scene.hub(wrong);
		const { status, json } = await post(hub, { data: 1, channel: scene.channel });
		expect(status).toBe(503);
		// Its operator reads the reason, and publishers do not.
		expect(JSON.stringify(json)).not.toMatch(/token|401/);
		await until(() => hub.output.includes("401"), { what: "the hub's log" });
	});

	if (name === "workers") return;
	it("is a root of relays that read and publish what it has in its memory", async (t) => {
		const scene = fixture.scene(t);
		const root = scene.use(await startServer(rootName, { env: kept }));
		const hubs = await Promise.all(
			[0, 1].map(() => scene.hub({ ...below, SSE_UPSTREAM_URL: root.url })),
		);
		const streams = await Promise.all(hubs.map((hub) => scene.open(streamUrl(hub, scene.channel))));
		for (const hub of hubs) await publish(hub, { data: 1, channel: scene.channel });
		for (const stream of streams) expect(await stream.data(2)).toEqual(["1", "1"]);
	});
}
