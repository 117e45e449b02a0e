import { describe, expect, onTestFinished, test } from "vitest";
import { ServerSentEvents, type ServerSentEventsOptions } from "../../src/exports.ts";
import { Runs } from "../../src/runs.ts";
import { later } from "../support/wait.ts";
import { parsed } from "../unit/core/message/parsed.ts";
import { open, perClient } from "./disconnect-kit.ts";
import { useGrounds } from "./fleet.ts";

/** `sse.disconnect()`: streams end in every process, on each connector. */

const { grounds } = useGrounds();

type Options = Omit<ServerSentEventsOptions, "connector">;

describe.each(grounds)("$name", ({ connect }) => {
	const instance = (options: Options = {}) => {
		const reports: string[] = [];
		const sse = new ServerSentEvents({
			connector: connect({}),
			onError: (error, { stage }) => void reports.push(`${stage}: ${(error as Error).message}`),
			limits: { perClient },
			...options,
		});
		onTestFinished(() => sse.close());
		return { sse, reports };
	};

	test("ends a channel's streams, a client's, or a client's in a channel, in all processes, and no other", async () => {
		const all = [instance(), instance()];
		const ended: string[] = [];
		const onDisconnect = ({ channels }: { channels: readonly string[] }, end: { reason: string }) =>
			void ended.push(`${channels} ${end.reason}`);
		all.push(instance({ onDisconnect }));
		const channel = crypto.randomUUID();
		const opened = await Promise.all(
			all.flatMap(({ sse }) =>
				["ann", "bob"].map(async (user) => ({
					room: await open(sse, `channel=${channel}&channel=${channel}.b`, user),
					other: await open(sse, `channel=${channel}.c`, user),
				})),
			),
		);
		const state = () => opened.map(({ room, other }) => [room.isOver, other.isOver]);
		const [ann, bob] = [
			[0, 2, 4],
			[1, 3, 5],
		] as const;
		expect(state()).toEqual(opened.map(() => [false, false]));
		const [first] = all;

		const { receivers } =
			(await first?.sse.disconnect({ channel: `${channel}.b`, client: "ann" })) ?? {};
		expect(receivers).toBe(3);
		await Promise.all(ann.map((at) => opened[at]?.room.over));
		expect(ann.map((at) => state()[at])).toEqual(ann.map(() => [true, false]));
		expect(bob.map((at) => state()[at])).toEqual(bob.map(() => [false, false]));

		await all[1]?.sse.disconnect({ client: "ann", reason: "logged out" });
		await Promise.all(ann.map((at) => opened[at]?.other.over));
		expect(bob.map((at) => state()[at])).toEqual(bob.map(() => [false, false]));

		await all[2]?.sse.disconnect({ channel });
		await Promise.all(bob.map((at) => opened[at]?.room.over));
		expect(bob.map((at) => state()[at])).toEqual(bob.map(() => [true, false]));

		// The other streams still receive messages. The ended ones were told when to come back.
		await first?.sse.publish("still here", { channel: `${channel}.c` });
		for (const at of bob) await expect.poll(() => opened[at]?.other.text).toContain("still here");
		for (const at of ann) expect(parsed(opened[at]?.room.text ?? "").retries).toHaveLength(1);
		expect(ended.sort()).toEqual(
			[
				`${channel},${channel}.b disconnected`,
				`${channel}.c disconnected`,
				`${channel},${channel}.b disconnected`,
			].sort(),
		);
		for (const { reports } of all) expect(reports).toEqual([]);
	});

	test("tells a page that asks for control events why, and whether it may come back; other clients get no event", async () => {
		const [one, other] = [instance(), instance()];
		const channel = crypto.randomUUID();
		const asks = await open(other.sse, `channel=${channel}&sse.control=events`, "ann");
		const plain = await open(other.sse, `channel=${channel}`, "ann");
		await one.sse.disconnect({ client: "ann", reason: "logged out\nelsewhere", final: true });
		await Promise.all([asks.over, plain.over]);
		const told = parsed(asks.text).events.filter(({ event }) => event === "sse.disconnect");
		expect(told.map(({ data }) => JSON.parse(data))).toEqual([
			{ reason: "logged out\nelsewhere", final: true },
		]);
		expect(parsed(plain.text).events).toEqual([]);
	});

	test("ends the stream of a request that was authorized before the disconnect and opens after it", async () => {
		const [one, other] = [instance(), instance()];
		const channel = crypto.randomUUID();
		const hold = await open(one.sse, `channel=${channel}.a`, "ann");
		const gate = Promise.withResolvers<void>();
		const asked = Promise.withResolvers<void>();
		const { sse } = instance({
			authorize: async (request) => {
				if (new URL(request.url).searchParams.get("channel") === channel) {
					asked.resolve();
					await gate.promise;
				}
				return true;
			},
		});
		const elsewhere = await open(sse, `channel=${channel}.b`, "ann");
		const late = later(open(sse, `channel=${channel}`, "ann"));
		await asked.promise;
		await other.sse.disconnect({ client: "ann" });
		await Promise.all([hold.over, elsewhere.over]);
		gate.resolve();
		await (await late).over;
		// Later requests are decided by `authorize`.
		expect((await open(sse, `channel=${channel}`, "ann")).isOver).toBe(false);
	});

	test("the documented log-out: the user's streams end, the user is refused from then on, and others stay", async () => {
		const sessions = new Map([
			["ann-1", "ann"],
			["ann-2", "ann"],
			["bob-1", "bob"],
		]);
		const userIn = (request: Request) => sessions.get(request.headers.get("x-user") ?? "") ?? null;
		const recipe: Options = {
			authorize: (request) => userIn(request) !== null,
			limits: { perClient: { key: userIn } },
		};
		const [one, other] = [instance(recipe), instance(recipe)];
		const query = `channel=${crypto.randomUUID()}`;
		const streams = await Promise.all(
			[...sessions.keys()].flatMap((session) => [
				open(one.sse, query, session),
				open(other.sse, query, session),
			]),
		);
		sessions.delete("ann-1");
		await one.sse.disconnect({ client: "ann", reason: "logged out" });
		await Promise.all(streams.slice(0, 4).map(({ over }) => over));
		expect(streams.map(({ isOver }) => isOver)).toEqual([true, true, true, true, false, false]);
		expect((await open(other.sse, query, "ann-1")).status).toBe(403);
		expect((await open(other.sse, query, "ann-2")).isOver).toBe(false);
	});

	test("the documented channel for each user: disconnect by channel needs no client key", async () => {
		const recipe: Options = {
			limits: {},
			authorize: (request, channels) =>
				channels.every((channel) => channel === `user.${request.headers.get("x-user")}`),
		};
		const [one, other] = [instance(recipe), instance(recipe)];
		const [ann, bob] = [`ann${crypto.randomUUID()}`, `bob${crypto.randomUUID()}`];
		const streams = await Promise.all(
			[ann, bob].map((user) => open(other.sse, `channel=user.${user}`, user)),
		);
		expect((await open(other.sse, `channel=user.${bob}`, ann)).status).toBe(403);
		await one.sse.publish("mail", { channel: `user.${ann}` });
		await expect.poll(() => streams[0]?.text).toContain("mail");
		await one.sse.disconnect({ channel: `user.${ann}` });
		await streams[0]?.over;
		expect(streams[1]).toMatchObject({ isOver: false, text: expect.not.stringContaining("mail") });
	});

	test("ends requests that wait for JSON, and readers of runs", async () => {
		const [one, other] = [instance(), instance()];
		const channel = crypto.randomUUID();
		const hold = await open(other.sse, `channel=${channel}.a`, "ann");
		const headers = { accept: "application/json", "x-user": "ann" };
		const url = `http://localhost/?channel=${channel}&wait=25`;
		const waiting = later(other.sse.fetch(new Request(url, { headers })));
		const runs = new Runs(other.sse);
		await runs.start(channel, {});
		const run = await runs.stream(
			new Request("http://localhost/", { headers: { "x-user": "ann" } }),
			channel,
		);
		const read = run.text();
		await expect.poll(() => other.sse.stats().channels).toBeGreaterThanOrEqual(2);
		await one.sse.disconnect({ client: "ann" });
		await Promise.all([hold.over, read]);
		// What it has read meanwhile is not sent.
		expect((await waiting).status).toBe(503);
	});

	test("the control channel is unsubscribed with the last stream", async () => {
		const { sse } = instance({ linger: 1 });
		const { sse: other } = instance();
		const stream = await open(sse, `channel=${crypto.randomUUID()}`, "ann");
		expect(await other.disconnect({ client: "bob" })).toEqual({ receivers: 1 });
		await other.disconnect({ client: "ann" });
		await stream.over;
		await expect.poll(() => other.disconnect({ client: "bob" })).toEqual({ receivers: 0 });
	});
});
