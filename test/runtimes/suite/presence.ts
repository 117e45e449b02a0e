import { expect, it } from "vitest";
import type { EventStream } from "../../support/event-stream.ts";
import { call, json, streamUrl } from "../../support/hub-client.ts";
import { until } from "../../support/wait.ts";
import { claims, hs256, now, secret } from "../../unit/auth/kit.ts";
import type { Fixture } from "../fixture.ts";

const patience = { timeout: 20_000, every: 50 };

/** Longer than a busy machine takes. */
const signed = (more: object) => hs256(claims({ exp: now() + 600, ...more }));

interface Told {
	occupancy: number;
	members?: { id: string }[];
	joined?: { id: string }[];
	left?: string[];
}

/** Members, and who may stay: by the hub's tokens, whose `sub` is the member. */
export function presence(fixture: Fixture): void {
	const isOnWorkers = fixture.runtime.name === "workers";
	// On Workers the objects count, in both forms.
	const grounds: { on: string; env?: Record<string, string> }[] = isOnWorkers
		? [
				{ on: "objects that hold the streams", env: {} },
				{ on: "Workers that hold the streams", env: { SSE_HOLD: "worker" } },
			]
		: [{ on: "redis" }];

	for (const { on, env } of grounds)
		it(`${on}: members, a reload, a leave; disconnect ends their streams`, async (t) => {
			const scene = fixture.scene(t);
			const { channel } = scene;
			const hub = await scene.hub({
				...(env ?? fixture.onRedis),
				SSE_PRESENCE: "true",
				SSE_JWT_SECRET: secret,
				// On Workers a client that left is noticed by a write.
				SSE_KEEP_ALIVE: fixture.runtime.noticesDeparture ? "600000" : "300",
			});
			const sign = (sub: string, rights: object = {}) =>
				signed({ sub, channels: { subscribe: [channel], ...rights } });
			const visit = async (subject: string, query = "", rights?: object) => {
				const url = `${streamUrl(hub, channel)}${query}&token=${sign(subject, rights)}`;
				const stream = await scene.openSocket(url);
				await stream.comment();
				return stream;
			};
			const page = await visit("eve", "&presence=1", { members: [channel] });
			const bob = await visit("bob");
			await page.when(() => known(page) === "bob,eve", "both");
			const seer = { authorization: `Bearer ${sign("eve", { members: [channel] })}` };
			const members = async () => {
				const answer = await call(`${hub.url}/channel/members?name=${channel}&limit=1`, {
					headers: seer,
				});
				return json(answer);
			};
			expect(await members()).toEqual({ occupancy: 2, members: [{ id: "bob" }], next: "bob" });

			// A reload: the old stream is gone before the new one is there.
			bob.reset();
			const back = await visit("bob", "&sse.control=events");
			const end = { channel, client: "bob", reason: "no longer", final: true };
			const may = { authorization: `Bearer ${sign("boss", { disconnect: [channel] })}` };
			const answer = await call(`${hub.url}/disconnect`, {
				...{ method: "POST", headers: may, body: JSON.stringify(end) },
			});
			expect(answer.status, answer.body).toBe(200);
			await back.end();
			expect(back.state).toBe("ended");
			expect(back.retries).toHaveLength(1);
			const said = back.events.filter(({ event }) => event === "sse.disconnect");
			expect(said.map(({ data }) => JSON.parse(data))).toEqual([
				{ reason: "no longer", final: true },
			]);
			// The hub's grace is 10 s.
			await page.when(() => known(page) === "eve", "the leave", { timeout: 40_000 });
			expect(told(page).flatMap(({ left = [] }) => left)).toEqual(["bob"]);
			const joined = told(page).flatMap((each) => each.joined ?? []);
			expect(joined.filter(({ id }) => id === "bob").length).toBeLessThanOrEqual(1);
			expect(page.state).toBe("open");
		}, 90_000);

	it("without a token it is 401, without the right 403, and no events", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({
			...(isOnWorkers ? {} : fixture.onRedis),
			SSE_PRESENCE: "true",
			SSE_JWT_SECRET: secret,
		});
		// Other hubs on this broker have clients, too, and hear who is disconnected.
		const mallory = `mallory of ${channel}`;
		const bearer = (rights: object) => ({
			authorization: `Bearer ${signed({ sub: mallory, channels: { subscribe: [channel], ...rights } })}`,
		});
		const list = async (headers: Record<string, string> = {}) =>
			(await call(`${hub.url}/channel/members?name=${channel}`, { headers })).status;
		const end = async (body: object, headers: Record<string, string> = {}) =>
			(
				await call(`${hub.url}/disconnect`, {
					...{ method: "POST", headers, body: JSON.stringify(body) },
				})
			).status;
		const none = bearer({});
		const elsewhere = bearer({ members: ["other"], disconnect: ["other"], publish: [channel] });
		const both = bearer({ members: [channel], disconnect: [channel] });
		expect(await list()).toBe(401);
		expect(await list({ authorization: "Bearer x.y.z" })).toBe(401);
		expect(await list(none)).toBe(403);
		expect(await list(elsewhere)).toBe(403);
		expect(await list(both)).toBe(200);
		expect(await end({ channel })).toBe(401);
		expect(await end({ channel }, none)).toBe(403);
		expect(await end({ channel }, elsewhere)).toBe(403);
		// A client alone means all channels.
		expect(await end({ client: mallory }, both)).toBe(403);
		expect(await end({ channel: 7 }, bearer({ disconnect: ["*"] }))).toBe(400);
		const all = await end({ client: mallory }, bearer({ disconnect: ["*"] }));
		expect(all).toBe(isOnWorkers ? 501 : 200);
		const token = bearer({}).authorization.slice("Bearer ".length);
		const blind = await scene.openSocket(`${streamUrl(hub, channel)}&presence=1&token=${token}`);
		await blind.comment();
		await until(
			async () => {
				const answer = await call(`${hub.url}/channel/members?name=${channel}`, { headers: both });
				return json<Told>(answer).occupancy === 1;
			},
			{ ...patience, what: "the member" },
		);
		expect(await end({ channel }, both)).toBe(200);
		await blind.end();
		expect(told(blind)).toEqual([]);
	});
}

const told = (stream: EventStream): Told[] =>
	stream.events.filter(({ event }) => event === "sse.presence").map(({ data }) => JSON.parse(data));

/** The members that a page knows. */
function known(stream: EventStream): string {
	const here = new Set<string>();
	for (const { members, joined = [], left = [] } of told(stream)) {
		if (members !== undefined) here.clear();
		for (const { id } of [...(members ?? []), ...joined]) here.add(id);
		for (const id of left) here.delete(id);
	}
	return [...here].sort().join();
}
