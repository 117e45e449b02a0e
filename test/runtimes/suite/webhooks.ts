import { expect, it, type TestContext } from "vitest";
import { call, streamUrl } from "../../support/hub-client.ts";
import { until } from "../../support/wait.ts";
import { type Received, WebhookReceiver } from "../../support/webhook-receiver.ts";
import { startWorker } from "../../support/worker.ts";
import { claims, hs256, now, secret } from "../../unit/auth/kit.ts";
import type { Fixture } from "../fixture.ts";

const patience = { timeout: 40_000, every: 50 };

async function receiver(test: TestContext): Promise<WebhookReceiver> {
	const started = await new WebhookReceiver().start();
	test.onTestFinished(() => started.stop());
	return started;
}

const variables = ({ url, secret }: WebhookReceiver) => ({
	SSE_WEBHOOK_URL: url,
	SSE_WEBHOOK_SECRET: secret,
});

/** What a receiver of webhooks is told of the hub's streams. */
export function webhooks(fixture: Fixture): void {
	if (fixture.runtime.name === "workers") {
		it("are refused on a Worker, where nothing could send them", async (t) => {
			const env = { SSE_WEBHOOK_URL: "http://127.0.0.1:1/hunter2", SSE_WEBHOOK_SECRET: key };
			const worker = fixture
				.scene(t)
				.use(await startWorker({ entry: "src/server/worker.ts", env }));
			const { status, body } = await call(`${worker.url}/stream`);
			expect(status).toBe(503);
			expect(body).toContain("SSE_WEBHOOK_URL: not on Workers");
			expect(body).not.toContain("hunter2");
		});
		return;
	}

	it("report streams and channels, each signed, and retry a failure with the same id", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hook = await receiver(t);
		let refusals = 0;
		hook.answer = ({ type }) => (type === "stream.connected" && refusals++ === 0 ? 500 : 204);
		const hub = await scene.hub({ ...variables(hook), SSE_JWT_SECRET: secret, SSE_DRAIN: "0" });
		const subscribe = [channel, `${channel}.b`];
		const token = hs256(claims({ exp: now() + 600, sub: "ann", channels: { subscribe } }));
		const visit = async (...names: string[]) => {
			const stream = await scene.openSocket(`${streamUrl(hub, ...names)}&token=${token}`);
			await stream.comment();
			return stream;
		};
		const count = (type: string, least: number) =>
			until(() => hook.of(type).length >= least, { ...patience, what: `${least} of ${type}` });

		const first = await visit(channel);
		await count("stream.connected", 2); // the second is the first one again
		const [failed, again] = hook.of("stream.connected");
		expect(again).toMatchObject({ id: failed?.id, body: failed?.body });
		const { hub: id } = again?.data ?? {};
		expect(again?.data).toEqual({ hub: id, channels: [channel], client: "ann" });
		await count("channel.occupied", 1);
		expect(hook.of("channel.occupied")[0]?.data).toEqual({ hub: id, channel });

		// The channel keeps a stream, which has another channel besides.
		await visit(channel, `${channel}.b`);
		first.reset();
		await count("stream.disconnected", 1);
		expect(hook.of("stream.disconnected")[0]?.data).toEqual({
			...{ hub: id, channels: [channel], client: "ann", reason: "left" },
			duration: expect.any(Number),
		});
		await count("channel.occupied", 2);
		// The process ends its streams, and reports it before it exits.
		expect(await hub.stop()).toBe(0);
		expect(hook.of("stream.disconnected").at(-1)?.data).toMatchObject({ reason: "closed" });
		const channelsOf = (type: string) =>
			hook
				.of(type)
				.map(({ data }) => data.channel)
				.sort();
		expect(channelsOf("channel.occupied")).toEqual(subscribe);
		expect(channelsOf("channel.vacated")).toEqual(subscribe);
		expect(hook.forged).toEqual([]);
		expect(hub.output).not.toContain('"event":"webhook"');
	}, 120_000);

	it("a receiver that refuses, redirects, or hangs loses only its own events", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hook = await receiver(t);
		const answers: Record<string, ReturnType<WebhookReceiver["answer"]>> = {
			"stream.connected": 400,
			"channel.occupied": 302,
			"stream.disconnected": "hang",
		};
		hook.answer = ({ type }: Received) => answers[type] ?? 204;
		const hub = await scene.hub({ ...variables(hook), SSE_DRAIN: "0" });
		const stream = await scene.openSocket(streamUrl(hub, channel));
		await stream.comment();
		const logged = (text: string) =>
			until(() => hub.output.includes(text), { ...patience, what: text });
		await logged("A webhook was not delivered. The receiver answered 400.");
		await logged("A webhook was not delivered. The receiver answered 302.");
		// Each was tried once.
		expect(hook.received).toHaveLength(2);
		stream.close();
		await until(() => hook.of("stream.disconnected").length > 0, { ...patience, what: "the end" });
		expect((await call(`${hub.url}/healthz`)).status).toBe(200);
		// It waits for a receiver only for a limited time.
		expect(await hub.stop()).toBe(0);
		await logged("The process stops: 1 webhooks have not reached the receiver.");
		expect(hook.of("channel.vacated")).toHaveLength(1);
		expect(new Set(hook.received.map(({ id }) => id)).size).toBe(4);
		expect(hub.output).not.toContain(hook.url);
		expect(hub.output).not.toContain("What the receiver says");
	}, 120_000);
}

const key = `whsec_${Buffer.alloc(32).toString("base64")}`;
