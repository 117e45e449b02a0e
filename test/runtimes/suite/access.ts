import { expect, it } from "vitest";
import { post, streamUrl } from "../../support/hub-client.ts";
import type { Bed } from "../bed.ts";

/** Who may publish over HTTP; without a token it depends on HOST, see starting.ts. */
export function access(bed: Bed): void {
	it("wants SSE_PUBLISH_TOKEN as a bearer token where it is set: 401", async (t) => {
		const scene = bed.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({ ...bed.onRedis, SSE_PUBLISH_TOKEN: "right token" });
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
		// The token is asked for before the body is looked at.
		expect((await post(hub, "no JSON")).status).toBe(401);

		const stream = await scene.open(streamUrl(hub, channel));
		for (const authorization of ["Bearer right token", "bearer right token"]) {
			const headers = { authorization, origin: "https://example.com" };
			expect((await post(hub, { data: 1, channel }, headers)).json).toEqual({ receivers: 1 });
		}
		expect(await stream.data(2)).toEqual(["1", "1"]);
	});
}
