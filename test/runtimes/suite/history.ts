import { expect, it } from "vitest";
import { post, publish, streamUrl } from "../../support/hub-client.ts";
import type { Fixture } from "../fixture.ts";

/** The hub with `SSE_HISTORY_LENGTH`: it answers with ids, and clients resume where they left off. */
export function history(fixture: Fixture): void {
	const kept = { SSE_HISTORY_LENGTH: "20", SSE_LINGER: "50" };

	it("answers a publish with its id, and resumes clients where they left off", async (t) => {
		const scene = fixture.scene(t);
		const channels = [scene.channel, `${scene.channel}.other`] as const;
		const [first, second] = await Promise.all([
			scene.hub({ ...fixture.onRedis, ...kept }),
			scene.hub({ ...fixture.onRedis, ...kept }),
		]);
		const say = async (data: number, channel: string = channels[0]) => {
			const { status, json } = await post(first, { data, channel });
			expect(status).toBe(200);
			expect(json).toMatchObject({ id: expect.stringMatching(/^\d+-\d+$/) });
			return (json as { id: string }).id;
		};
		const one = await scene.open(streamUrl(first, channels[0]));
		const both = await scene.open(streamUrl(first, ...channels));
		const id = await say(1);
		expect(await one.event()).toEqual({ event: undefined, id, data: "1" });
		const cursor = (await both.event()).id ?? "";
		one.close();
		both.close();
		await say(2);
		await say(3, channels[1]);

		// Another process serves them.
		const back = await scene.open(streamUrl(second, channels[0]), { "last-event-id": id });
		expect(await back.data(1)).toEqual(["2"]);
		const query = `&lastEventId=${encodeURIComponent(cursor)}`;
		const bothBack = await scene.open(streamUrl(second, ...channels) + query);
		expect((await bothBack.data(2)).toSorted()).toEqual(["2", "3"]);
		await say(4);
		expect(await back.data(2)).toEqual(["2", "4"]);
		expect((await bothBack.data(3)).at(-1)).toBe("4");
	});

	it("keeps the messages of the embedded broker, too: one channel, and two", async (t) => {
		const scene = fixture.scene(t);
		const channels = [scene.channel, `${scene.channel}.other`] as const;
		const hub = await scene.hub(kept);
		const both = await scene.open(streamUrl(hub, ...channels));
		const { json } = await post(hub, { data: 1, channel: channels[0] });
		const { id = "" } = json as { id?: string };
		expect(id).toMatch(/^\d+-\d+$/);
		const cursor = (await both.event()).id ?? "";
		both.close();
		for (const channel of channels) await publish(hub, { data: 2, channel });
		const back = await scene.open(streamUrl(hub, channels[0]), { "last-event-id": id });
		expect(await back.data(1)).toEqual(["2"]);
		const query = `&lastEventId=${encodeURIComponent(cursor)}`;
		const bothBack = await scene.open(streamUrl(hub, ...channels) + query);
		expect(await bothBack.data(2)).toEqual(["2", "2"]);
		// A channel that is no longer requested is dropped from the cursor. A truncated cursor is a gap.
		const one = await scene.open(streamUrl(hub, channels[0]), { "last-event-id": cursor });
		expect(await one.event()).toMatchObject({ event: undefined, data: "2" });
		const cut = { "last-event-id": cursor.slice(0, -1) };
		const lost = await scene.open(streamUrl(hub, channels[0]), cut);
		expect(await lost.event()).toMatchObject({ event: "sse.gap", id: undefined });
	});

	it("accepts any bytes as a Last-Event-ID: a gap with history, and nothing without", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hubs = [fixture.hub("redis"), await scene.hub({ ...fixture.onRedis, ...kept })];
		const ids = [
			Buffer.from("é😀").toString("latin1"),
			"\xff\xfe",
			"a\tb",
			"a, b",
			"i".repeat(1_024),
		];
		for (const [index, hub] of hubs.entries()) {
			for (const id of ids) {
				const query = `&lastEventId=${encodeURIComponent(id)}`;
				const streams = [
					await scene.open(streamUrl(hub, channel), { "last-event-id": id }),
					await scene.open(streamUrl(hub, channel) + query),
				];
				await publish(hub, { data: "new", channel });
				for (const stream of streams) {
					await stream.first(({ data }) => data === "new", "what is new");
					const gaps = stream.events.filter(({ event }) => event === "sse.gap");
					expect([id, gaps.length]).toEqual([id, index]);
					stream.close();
				}
			}
		}
	});

	it("says where it cannot keep messages, and refuses an id of the publisher's", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({ ...fixture.onRedis, ...kept });
		for (let n = 0; n < 30; n++) await publish(hub, { data: n, channel });
		const back = await scene.open(streamUrl(hub, channel), { "last-event-id": "1000000000000-0" });
		expect(await back.event()).toEqual({
			event: "sse.gap",
			id: undefined,
			data: JSON.stringify({ channel, lastEventId: "1000000000000-0" }),
		});
		await back.first(({ data }) => data === "29", "the newest message");
		const { status, json } = await post(hub, { data: 1, id: "42", channel });
		expect(status).toBe(400);
		expect(json.error).toMatch(/id:.*history/);
	});
}
