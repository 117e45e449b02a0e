import { expect, it } from "vitest";
import { call, json, post, publish, streamUrl } from "../../support/hub-client.ts";
import { later, until } from "../../support/wait.ts";
import type { Fixture } from "../fixture.ts";

interface Batch {
	messages: { id?: string; type: string; data: unknown; channel: string }[];
	lastEventId: string;
	gap: boolean;
}

/** The hub's answers to requests that want no stream. */
export function reading(fixture: Fixture): void {
	const kept = { SSE_HISTORY_LENGTH: "20", SSE_LINGER: "50" };
	const accept = "application/json";

	it("gives messages as JSON, waits for the next, and describes a channel", async (t) => {
		const scene = fixture.scene(t);
		const hub = await scene.hub({ ...fixture.onRedis, ...kept });
		const url = streamUrl(hub, scene.channel);
		const read = async (query: string) =>
			json<Batch>(await call(`${url}&${query}`, { headers: { accept } }));
		await publish(hub, { data: { n: 1 }, channel: scene.channel, type: "count" });
		const first = await read("lastEventId=0");
		expect(first).toEqual({
			messages: [{ id: first.lastEventId, type: "count", data: { n: 1 }, channel: scene.channel }],
			lastEventId: expect.stringMatching(/^\d+-\d+$/),
			gap: false,
		});
		const waiting = later(read(`lastEventId=${first.lastEventId}&wait=20`));
		const stream = await scene.open(`${url}&envelope=1`, { "last-event-id": first.lastEventId });
		await publish(hub, { data: 2, channel: scene.channel });
		expect((await waiting).messages.map(({ data }) => data)).toEqual([2]);
		expect((await stream.event()).data).toBe(JSON.stringify({ channel: scene.channel, data: 2 }));
		expect((await read(`lastEventId=${(await waiting).lastEventId}`)).messages).toEqual([]);

		const about = `${hub.url}/channel?name=${scene.channel}`;
		const described = json<Record<string, unknown>>(await call(about));
		expect(described).toMatchObject({
			name: scene.channel,
			position: (await waiting).lastEventId,
			kept: 2,
			more: false,
		});
		if (fixture.runtime.sharesUpstream) expect(described.connections).toBe(1);
		expect((await call(about, { method: "DELETE" })).status).toBe(401);
		const headers = { authorization: `Bearer ${hub.token}` };
		expect((await call(about, { method: "DELETE", headers })).status).toBe(204);
		expect(json<object>(await call(about))).toMatchObject({ kept: 0 });
		expect((await read(`lastEventId=${first.lastEventId}`)).gap).toBe(true);
		expect((await call(`${hub.url}/channel`)).status).toBe(400);
	});

	// A Worker is not told of its end.
	if (fixture.runtime.endsStreams) {
		it("answers waiting requests before it ends", async (t) => {
			const scene = fixture.scene(t);
			const hub = await scene.hub({ ...fixture.onRedis, ...kept });
			// The channel is there already: a reader that still waits for its subscription gets a 503.
			await scene.open(streamUrl(hub, scene.channel));
			const waiting = later(
				call(`${streamUrl(hub, scene.channel)}&wait=20`, { headers: { accept } }),
			);
			const users = async () => {
				const about = await call(`${hub.url}/channel?name=${scene.channel}`);
				return json<{ connections: number }>(about).connections;
			};
			await until(async () => (await users()) === 2, { what: "the reader" });
			await hub.stop("SIGTERM");
			const answer = await waiting;
			expect(answer.status).toBe(200);
			expect(json<Batch>(answer)).toMatchObject({ messages: [], gap: false });
		});
	}

	it("says what is missing where nothing is kept", async (t) => {
		const scene = fixture.scene(t);
		const hub = fixture.hub("redis");
		const answers = [
			await call(streamUrl(hub, scene.channel), { headers: { accept } }),
			await call(`${hub.url}/channel?name=${scene.channel}`),
		];
		for (const answer of answers) {
			expect(answer.status).toBe(400);
			expect(json<{ error: string }>(answer).error).toMatch(/history/);
		}
		expect((await post(hub, { data: 1, channel: scene.channel })).status).toBe(200);
	});
}
