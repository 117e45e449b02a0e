import { expect, test } from "vitest";
import { openSocketStream } from "../support/event-stream.ts";
import { call, json, streamUrl } from "../support/hub-client.ts";
import { claims, hs256, now, secret } from "../unit/auth/kit.ts";
import { times } from "./kit/chance.ts";
import { useHub } from "./kit/hub.ts";
import { compare, expectBounded, type Round } from "./kit/rounds.ts";
import { exchange } from "./kit/wire.ts";

/** `GET /channels` of a hub with 10,000 channels: requested by strangers, and too often by users who may. */

const publishToken = "the-publish-token-of-this-hub";
const hub = useHub({ SSE_PUBLISH_TOKEN: publishToken, SSE_JWT_SECRET: secret });

/** As many as a stream may have. */
const perStream = 32;

const asked = 20;

/** As many requests, one after another. */
function requests(path: string, bearer: string | undefined, status: number): Round {
	const header = bearer === undefined ? "" : `Authorization: Bearer ${bearer}\r\n`;
	const text = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${header}\r\n`;
	const one = { bytes: Buffer.from(text), until: { answers: 1 } } as const;
	return async () => {
		for (let at = 0; at < asked; at++) {
			const answer = await exchange(hub().port, one, async () => undefined);
			expect(answer.slice(9, 12)).toBe(String(status));
		}
	};
}

test("10,000 channels: the overview names 20, and costs about what a health check does, for any caller", async (t) => {
	const { server } = hub();
	const bearer = hs256(claims({ exp: now() + 600, channels: ["*"] }));
	for (let at = 0; at < 10_000; at += perStream) {
		const names = times(Math.min(perStream, 10_000 - at), (n) => `room.${at + n}`);
		const stream = await openSocketStream(`${streamUrl(server, ...names)}&token=${bearer}`);
		t.onTestFinished(() => stream.close());
		await stream.comment();
	}
	const headers = { authorization: `Bearer ${publishToken}` };
	const answer = await call(`${server.url}/channels`, { headers });
	const { channels, largest } = json<{ channels: number; largest: object[] }>(answer);
	expect([channels, largest.length]).toEqual([10_000, 20]);
	expect(answer.body.length).toBeLessThan(2_000);

	const honest = requests("/healthz", undefined, 200);
	const forged = `${bearer.slice(0, -4)}AAAA`;
	const blind = hs256(claims({ exp: now() + 600, channels: { members: ["room.*"] } }));
	for (const [given, status] of [
		[undefined, 401],
		["x".repeat(8_000), 401],
		[forged, 401],
		[blind, 403],
		[publishToken, 200],
	] as const) {
		expectBounded(await compare(hub(), requests("/channels", given, status), honest));
	}
});
