import { expect, it } from "vitest";
import { type SignChannelsOptions, signChannels } from "../../../src/auth.ts";
import { call, post, streamUrl } from "../../support/hub-client.ts";
import type { Fixture } from "../fixture.ts";

/** Who may publish over HTTP with configured tokens. Without any see door.ts. */
export function access(fixture: Fixture): void {
	it("wants SSE_PUBLISH_TOKEN as a bearer token where it is set: 401", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({ ...fixture.onRedis, SSE_PUBLISH_TOKEN: "right token" });
		const refused = [
			{},
			{ authorization: "Bearer wrong" },
			{ authorization: "Bearer right toke" },
			{ authorization: "Bearer right token2" },
			{ authorization: "Bearer" },
			{ authorization: "Basic right token" },
			{ authorization: "right token" },
		];
		for (const headers of refused) {
			const answer = await post(hub, { data: 1, channel }, headers);
			expect(answer.status, JSON.stringify(headers)).toBe(401);
			expect(answer.headers.get("www-authenticate")).toBe("Bearer");
			expect(answer.json.error).toContain("SSE_PUBLISH_TOKEN");
			expect(answer.json.error).not.toContain("right");
		}
		// The token is checked before the body is read.
		expect((await post(hub, "no JSON")).status).toBe(401);

		const stream = await scene.open(streamUrl(hub, channel));
		for (const authorization of ["Bearer right token", "bearer right token"]) {
			const headers = { authorization, origin: "https://example.com" };
			expect((await post(hub, { data: 1, channel }, headers)).json).toEqual({ receivers: 1 });
		}
		expect(await stream.data(2)).toEqual(["1", "1"]);
	});

	it("streams and takes messages by signed tokens where SSE_JWT_SECRET is set", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const secret = "a secret of thirty-two bytes and more";
		const hub = await scene.hub({
			...fixture.onRedis,
			SSE_JWT_SECRET: secret,
			SSE_JWT_ISSUER: "tests",
			SSE_PUBLIC_CHANNELS: `${channel}.public`,
			SSE_PUBLISH_TOKEN: "for everything",
		});
		const sign = (names: string[], options: Partial<SignChannelsOptions> = {}) =>
			signChannels(names, { secret, issuer: "tests", ...options });
		const token = await sign([`${channel}.*`], { publish: `${channel}.mine` });
		const url = (name: string, query = "") => `${streamUrl(hub, `${channel}.${name}`)}${query}`;

		const anonymous = await call(url("mine"));
		expect(anonymous.status).toBe(401);
		expect(anonymous.headers.get("www-authenticate")).toMatch(/^Bearer/);
		const forged = await sign([`${channel}.*`], { secret: `${secret}!` });
		for (const bad of [forged, await sign([`${channel}.*`], { issuer: "others" }), "x.y.z"]) {
			const refused = await call(url("mine", `&token=${bad}`));
			expect(refused.status).toBe(401);
			expect(refused.body + JSON.stringify([...refused.headers])).not.toContain(bad);
		}
		expect((await call(streamUrl(hub, "other"), { headers: bearer(token) })).status).toBe(403);

		const mine = await scene.open(url("mine", `&token=${token}`));
		const everyones = await scene.open(url("public"));
		await Promise.all([mine.comment(), everyones.comment()]);
		const message = (name: string) => ({ data: name, channel: `${channel}.${name}` });
		expect((await post(hub, message("mine"))).status).toBe(401);
		expect((await post(hub, message("mine"), bearer(forged))).status).toBe(401);
		expect((await post(hub, message("public"), bearer(token))).status).toBe(403);
		expect((await post(hub, message("mine"), bearer(token))).json).toEqual({ receivers: 1 });
		expect((await post(hub, message("public"), bearer("for everything"))).status).toBe(200);
		expect(await mine.event()).toMatchObject({ data: "mine" });
		expect(await everyones.event()).toMatchObject({ data: "public" });

		// It ends with its token, and a clean end lets the client come back.
		const brief = await scene.open(
			url("mine", `&token=${await sign([`${channel}.mine`], { expiresIn: 1_000 })}`),
		);
		await brief.end();
		expect(brief).toMatchObject({ state: "ended" });
		expect(brief.retries).toHaveLength(1);
		for (const secretive of [token, secret, "for everything"]) {
			expect(hub.output).not.toContain(secretive);
		}
	});
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
