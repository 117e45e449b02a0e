import { expect, onTestFinished, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { ConnectorError } from "../../../src/core/errors.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { Presence } from "../../../src/presence.ts";
import { createHub } from "../../../src/server/create.ts";
import { Overview } from "../../../src/server/overview.ts";
import { claims, hs256, secret } from "../auth/kit.ts";

/** The hub's `GET /channels`, for those who may see the names of all channels. */

const publishToken = "the-publish-token-of-this-hub";
const token = (channels: object) => hs256(claims({ channels }));

function hub(environment: Record<string, string | undefined> = {}) {
	const { unfilteredFetch, close } = createHub({
		...{ SSE_JWT_SECRET: secret, SSE_PUBLISH_TOKEN: publishToken, SSE_PRESENCE: "true" },
		...{ SSE_DRAIN: "0", ...environment },
	});
	onTestFinished(close);
	const call = async (path: string, bearer?: string) => {
		const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
		const response = await unfilteredFetch(new Request(`http://localhost${path}`, { headers }));
		onTestFinished(() => response.body?.cancel().catch(() => undefined));
		return response;
	};
	return { call };
}

test("the overview has streams, channels and members of the largest ones, with the right to all members", async () => {
	const { call } = hub();
	const ann = hs256(claims({ sub: "ann", channels: ["*"] }));
	const bob = hs256(claims({ sub: "bob", channels: ["*"] }));
	for (const [path, bearer] of [
		["/stream?channel=room", ann],
		["/stream?channel=room&channel=hall", bob],
	] as const) {
		expect((await call(path, bearer)).status).toBe(200);
	}
	const body = {
		connections: 2,
		channels: 2,
		largest: [
			{ channel: "room", connections: 2, occupancy: 2 },
			{ channel: "hall", connections: 1, occupancy: 1 },
		],
	};
	for (const bearer of [publishToken, token({ members: ["*"] })]) {
		const answer = await call("/channels", bearer);
		expect(answer.status).toBe(200);
		expect(answer.headers.get("cache-control")).toBe("no-store");
		// Members are counted shortly after the stream begins.
		await expect.poll(async () => (await call("/channels", bearer)).json()).toEqual(body);
	}
});

test("the overview is refused without a token, with a wrong one, and with the right to some channels", async () => {
	const { call } = hub();
	const given = [undefined, "wrong", token({ members: ["room.*"] }), token({ subscribe: ["*"] })];
	const answers = await Promise.all(given.map((bearer) => call("/channels", bearer)));
	expect(answers.map(({ status }) => status)).toEqual([401, 401, 403, 403]);
	for (const answer of answers) expect(await answer.text()).not.toContain("largest");
	const none = hub({
		SSE_JWT_SECRET: undefined,
		SSE_PUBLISH_TOKEN: undefined,
		SSE_PRESENCE: "false",
	});
	expect((await none.call("/channels")).status).not.toBe(200);
	const open = hub({
		...{ SSE_JWT_SECRET: undefined, SSE_PUBLISH_TOKEN: undefined, SSE_PRESENCE: "false" },
		SSE_PUBLISH_OPEN: "true",
	});
	expect((await open.call("/channels")).status).toBe(403);
});

function scene(counts: boolean) {
	const sse = new ServerSentEvents({
		connector: memory(),
		limits: { channels: 500 },
		onError: () => undefined,
	});
	onTestFinished(() => sse.close());
	const presence = new Presence(sse, { id: () => undefined });
	const occupancy = vi.spyOn(presence, "occupancy");
	const overview = new Overview(sse, counts ? presence : undefined);
	const open = async (...names: string[]) => {
		const query = new URLSearchParams(names.map((name) => ["channel", name]));
		const { body } = await sse.stream(new Request(`http://hub.test/?${query}`));
		onTestFinished(() => body?.cancel());
	};
	return { overview, occupancy, open };
}

test("of 10,000 channels the largest 20 are named, and concurrent requests share one count", async () => {
	const { overview, occupancy, open } = scene(true);
	for (let at = 0; at < 10_000; at += 500) {
		await open(...Array.from({ length: 500 }, (_, n) => `room.${at + n}`));
	}
	for (const extra of [7, 9_000, 9_000, 4_321, 4_321, 4_321]) await open(`room.${extra}`);
	const answers = await Promise.all(Array.from({ length: 100 }, () => overview.read()));
	expect(occupancy).toHaveBeenCalledTimes(20);
	const [first] = answers as { connections: number; channels: number; largest: object[] }[];
	expect(first).toMatchObject({ connections: 26, channels: 10_000 });
	expect(first?.largest).toHaveLength(20);
	expect(first?.largest.slice(0, 4)).toEqual([
		{ channel: "room.4321", connections: 4, occupancy: 0 },
		{ channel: "room.9000", connections: 3, occupancy: 0 },
		{ channel: "room.7", connections: 2, occupancy: 0 },
		{ channel: "room.0", connections: 1, occupancy: 0 },
	]);
	expect(JSON.stringify(answers[99])).toBe(JSON.stringify(first));
});

test("without presence or without the broker's answer the overview still counts streams", async () => {
	const none = scene(false);
	await none.open("a");
	const body = { connections: 1, channels: 1, largest: [{ channel: "a", connections: 1 }] };
	expect(await none.overview.read()).toEqual(body);
	expect(none.occupancy).not.toHaveBeenCalled();

	const log = vi.spyOn(console, "error").mockReturnValue();
	onTestFinished(() => log.mockRestore());
	const away = scene(true);
	await away.open("a");
	away.occupancy.mockRejectedValue(new ConnectorError("unavailable", "The broker is away."));
	expect(await away.overview.read()).toEqual(body);
	expect(log.mock.calls.join()).toContain("The broker is away.");
});
