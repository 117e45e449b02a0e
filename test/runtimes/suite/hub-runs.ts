import { expect, it } from "vitest";
import { signChannels } from "../../../src/auth.ts";
import { redis } from "../../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { Runs } from "../../../src/runs.ts";
import { call, json, post } from "../../support/hub-client.ts";
import type { Fixture } from "../fixture.ts";

/** The hub and the runs on its broker, whose producers are in other processes. */
export function hubRuns(fixture: Fixture): void {
	const prefixed = () => ({ ...fixture.onRedis, SSE_RUNS_PREFIX: "run." });
	const kept = () => ({ ...prefixed(), SSE_HISTORY_LENGTH: "100" });
	const refusal = async (url: string, headers: Record<string, string> = {}) => {
		const answer = await call(url, { headers });
		return { status: answer.status, ...json<{ error: string }>(answer) };
	};

	it("refuses to publish to a channel that begins with SSE_RUNS_PREFIX", async (t) => {
		const scene = fixture.scene(t);
		const hub = await scene.hub(prefixed());
		for (const body of [{ data: 1, channel: "run.1" }, [{ data: 1, channel: "run.1" }]]) {
			const { status, json: answer } = await post(hub, body);
			expect(status).toBe(400);
			expect(answer.error).toContain('begin with "run."');
		}
		expect((await post(hub, { data: 1, channel: "running" })).status).toBe(200);
	});

	it("streams a run from its beginning to its end, and answers 204 to a client that has all of it", async (t) => {
		const scene = fixture.scene(t);
		const hub = await scene.hub(kept());
		const sse = new ServerSentEvents({
			connector: redis(fixture.redis.url, { history: {}, timeout: 20_000 }),
		});
		t.onTestFinished(() => sse.close());
		const runs = new Runs(sse);
		const id = crypto.randomUUID();
		const { lease = "" } = await runs.start(id, {});
		await runs.append(id, "before", { lease });
		const url = `${hub.url}/run?channel=run.${id}`;
		const stream = await scene.openSocket(url);
		expect(stream.status).toBe(200);
		await stream.event();
		await runs.append(id, "after", { lease });
		await runs.finish(id, { lease, status: "error", reason: "no more" });
		await stream.end();
		const end = { event: "sse.end", data: '{"status":"error","reason":"no more"}' };
		expect(stream.events).toMatchObject([{ data: "before" }, { data: "after" }, end]);
		expect(stream.state).toBe("ended");
		const cursor = stream.events.at(-1)?.id ?? "";
		expect((await call(`${url}&lastEventId=${cursor}`)).status).toBe(204);
		const after = { "last-event-id": stream.events[0]?.id ?? "" };
		const rest = await scene.openSocket(url, { headers: after });
		await rest.end();
		expect(rest.events).toMatchObject([{ data: "after" }, end]);
	});

	it("says why it streams no run", async (t) => {
		const scene = fixture.scene(t);
		const hub = await scene.hub(kept());
		const unknown = await refusal(`${hub.url}/run?channel=run.none&lastEventId=1-1`);
		expect(unknown).toMatchObject({ status: 404, error: expect.stringContaining("no such run") });
		for (const channel of ["", "run.", "sse"]) {
			expect(await refusal(`${hub.url}/run?channel=${channel}`)).toMatchObject({
				status: 400,
				error: expect.stringContaining('begins with "run."'),
			});
		}
		expect(await refusal(`${fixture.hub("redis").url}/run?channel=run.1`)).toMatchObject({
			status: 404,
			error: expect.stringContaining("SSE_RUNS_PREFIX"),
		});
		const forgetful = await scene.hub(prefixed());
		expect(await refusal(`${forgetful.url}/run?channel=run.1`)).toMatchObject({
			status: 400,
			error: expect.stringContaining("SSE_HISTORY_LENGTH"),
		});
	});

	it("refuses a run to clients who may not read its channel", async (t) => {
		const scene = fixture.scene(t);
		const secret = "a secret of thirty-two bytes and more";
		const hub = await scene.hub({ ...kept(), SSE_JWT_SECRET: secret });
		const url = `${hub.url}/run?channel=run.1&lastEventId=1-1`;
		const bearer = async (channel: string) => ({
			authorization: `Bearer ${await signChannels(channel, { secret })}`,
		});
		expect((await refusal(url)).status).toBe(401);
		expect((await refusal(url, await bearer("run.2"))).status).toBe(403);
		expect((await refusal(url, await bearer("run.1"))).status).toBe(404);
		const closed = await scene.hub({ ...kept(), SSE_CHANNELS: "news" });
		expect((await refusal(`${closed.url}/run?channel=run.1`)).status).toBe(404);
		expect((await post(closed, { data: 1, channel: "run.1" })).status).toBe(400);
	});
}
