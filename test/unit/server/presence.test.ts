import { expect, onTestFinished, test } from "vitest";
import { createHub } from "../../../src/server/create.ts";
import { claims, hs256, secret } from "../auth/kit.ts";
import { parsed } from "../core/message/parsed.ts";

/** The hub's `POST /disconnect` and `GET /channel/members`, which need a right each. */

const publishToken = "the-publish-token-of-this-hub";

function hub(environment: Record<string, string | undefined> = {}) {
	const { unfilteredFetch, close } = createHub({
		SSE_JWT_SECRET: secret,
		SSE_PUBLISH_TOKEN: publishToken,
		SSE_PRESENCE: "true",
		SSE_DRAIN: "0",
		...environment,
	});
	onTestFinished(close);
	const call = async (path: string, token?: string, body?: unknown) => {
		const response = await unfilteredFetch(
			new Request(`http://localhost${path}`, {
				headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
				...(body !== undefined && {
					method: "POST",
					body: typeof body === "string" ? body : JSON.stringify(body),
				}),
			}),
		);
		return { status: response.status, body: JSON.parse(await response.text()) };
	};
	/** Opens a stream and collects its text. */
	const stream = async (token: string, query = "channel=room.1") => {
		const response = await unfilteredFetch(
			new Request(`http://localhost/stream?${query}&token=${token}`),
		);
		const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
		onTestFinished(() => reader?.cancel());
		const said = { text: "", isOver: false };
		void (async () => {
			for (;;) {
				const step = await reader?.read();
				if (step === undefined || step.done) break;
				said.text += step.value;
			}
			said.isOver = true;
		})();
		return said;
	};
	return { call, stream };
}

const token = (channels: object, sub?: string) => hs256(claims({ channels, ...(sub && { sub }) }));

test("members are shown to those with the right, by the route and on a stream", async () => {
	const { call, stream } = hub();
	const ann = await stream(token({ subscribe: ["room.*"] }, "ann"), "channel=room.1&presence=1");
	const sees = token({ subscribe: ["room.*"], members: ["room.1"] }, "bob");
	const bob = await stream(sees, "channel=room.1&presence=1");
	await stream(token({ subscribe: ["room.*"] })); // without a member id
	const members = { occupancy: 2, members: [{ id: "ann" }, { id: "bob" }] };
	await expect
		.poll(() => call("/channel/members?name=room.1", publishToken))
		.toEqual({ status: 200, body: members });
	expect(await call("/channel/members?name=room.1", sees)).toMatchObject({ body: members });
	expect(await call("/channel/members?name=room.1&limit=1&after=ann", sees)).toMatchObject({
		body: { members: [{ id: "bob" }] },
	});
	expect(await call("/channel/members?name=room.1&limit=x", sees)).toMatchObject({ status: 400 });
	expect(await call("/channel/members?name=room.2", sees)).toMatchObject({ status: 403 });
	expect(await call("/channel/members?name=room.1")).toMatchObject({ status: 401 });
	expect(await call("/channel/members?name=room.1", "wrong")).toMatchObject({ status: 401 });
	const publishes = token({ publish: ["*"], subscribe: ["*"], disconnect: ["*"] });
	expect(await call("/channel/members?name=room.1", publishes)).toMatchObject({ status: 403 });
	const told = (text: string) =>
		parsed(text).events.filter(({ event }) => event === "sse.presence").length;
	await expect.poll(() => told(bob.text)).toBeGreaterThan(0);
	expect(told(ann.text)).toBe(0);
});

test("streams are ended by those with the right only", async () => {
	const { call, stream } = hub();
	const reads = token({ subscribe: ["room.*"] }, "ann");
	const said = await stream(reads);
	const other = await stream(token({ subscribe: ["room.*"] }, "bob"));
	const ends = token({ subscribe: [], disconnect: ["room.1"] });
	const refused: [string | undefined, unknown, number][] = [
		[undefined, { client: "ann" }, 401],
		["wrong", { client: "ann" }, 401],
		[reads, { client: "ann" }, 403],
		[token({ publish: ["*"] }), { client: "ann" }, 403],
		[ends, { client: "ann" }, 403], // for all channels
		[ends, { client: "ann", channel: "room.2" }, 403],
		[ends, {}, 403],
		[publishToken, {}, 400],
		[publishToken, { client: 7 }, 400],
		[publishToken, { client: "ann", all: true }, 400],
		[publishToken, "[]", 400],
		[publishToken, "{", 400],
		[publishToken, `{"client":"${"a".repeat(1_100_000)}"}`, 413],
	];
	for (const [bearer, body, status] of refused) {
		expect(
			await call("/disconnect", bearer, body),
			JSON.stringify(body).slice(0, 80),
		).toMatchObject({
			status,
			body: { error: expect.any(String) },
		});
	}
	expect(said.isOver).toBe(false);
	expect(await call("/disconnect", ends, { client: "ann", channel: "room.1" })).toEqual({
		status: 200,
		body: { receivers: 1 },
	});
	await expect.poll(() => said.isOver).toBe(true);
	expect(other.isOver).toBe(false);
	expect((await call("/disconnect", publishToken, { client: "bob" })).status).toBe(200);
	await expect.poll(() => other.isOver).toBe(true);
});

test("/rights answers what the token allows in each channel", async () => {
	const { call } = hub();
	const some = token({ subscribe: ["*"], members: ["room.*"], disconnect: ["room.1"] });
	const path = "/rights?channel=room.1&channel=room.2&channel=hall";
	expect(await call(path, some)).toEqual({
		status: 200,
		body: {
			rights: [
				{ channel: "room.1", publish: false, disconnect: true, members: true },
				{ channel: "room.2", publish: false, disconnect: false, members: true },
				{ channel: "hall", publish: false, disconnect: false, members: false },
			],
			overview: false,
		},
	});
	const [all, none] = [true, false].map((may) => ({
		status: 200,
		body: {
			rights: [{ channel: "a", publish: may, disconnect: may, members: may }],
			overview: may,
		},
	}));
	expect(await call("/rights?channel=a", publishToken)).toEqual(all);
	expect(await call("/rights?channel=a")).toEqual(none);
	expect(await call("/rights?channel=a", "wrong")).toMatchObject({ status: 401 });
	expect(await call("/rights?channel=a", token({ members: 7 }))).toMatchObject({ status: 401 });
	expect(await call("/rights", publishToken)).toMatchObject({ status: 400 });
	expect(await call(`/rights?${"channel=a&".repeat(101)}`)).toMatchObject({ status: 400 });
	const open = hub({ SSE_JWT_SECRET: undefined, SSE_PRESENCE: "false" });
	expect(await open.call("/rights?channel=a", publishToken)).toEqual(all);
	expect(await open.call("/rights?channel=a", some)).toMatchObject({ status: 401 });
});

test("without signed tokens these routes are refused, and SSE_PRESENCE is a configuration error", async () => {
	const open = hub({ SSE_PRESENCE: "false" });
	expect(await open.call("/channel/members?name=a", publishToken)).toMatchObject({ status: 404 });
	const { unfilteredFetch, close } = createHub({ SSE_PUBLISH_OPEN: "true" });
	onTestFinished(close);
	const init = { method: "POST", body: '{"channel":"a"}' };
	expect((await unfilteredFetch(new Request("http://localhost/disconnect", init))).status).toBe(
		403,
	);
	expect(() => createHub({ SSE_PRESENCE: "true" })).toThrow(/SSE_PRESENCE needs signed tokens/);
});
