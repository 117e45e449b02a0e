import { describe, expect, onTestFinished, test } from "vitest";
import { EventClient } from "../../src/client.ts";
import { memory } from "../../src/connectors/memory.ts";
import { controlChannel } from "../../src/core/request/request.ts";
import {
	ConnectorError,
	type DisconnectOptions,
	ServerSentEvents,
	type ServerSentEventsOptions,
} from "../../src/exports.ts";
import { Runs } from "../../src/runs.ts";
import { testBroker } from "../../src/testing/broker.ts";
import { later } from "../support/wait.ts";
import { parsed } from "../unit/core/message/parsed.ts";
import { useGrounds } from "./fleet.ts";

/** `sse.disconnect()`: streams end in every process, on each connector. */

const { grounds, server } = useGrounds();

type Options = Omit<ServerSentEventsOptions, "connector">;
const perClient = { key: (request: Request) => request.headers.get("x-user") };

/** The stream of a request: its text, and whether it has ended. */
async function open(sse: ServerSentEvents, query: string, user?: string) {
	const headers = user === undefined ? {} : { "x-user": user };
	const response = await sse.fetch(new Request(`http://localhost/?${query}`, { headers }));
	const stream = { status: response.status, text: "", isOver: false, over: Promise.resolve() };
	const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
	onTestFinished(() => reader?.cancel().catch(() => undefined));
	const begun = Promise.withResolvers<void>();
	stream.over = (async () => {
		for (;;) {
			const step = await reader?.read();
			begun.resolve();
			if (step === undefined || step.done) break;
			stream.text += step.value;
		}
		stream.isOver = true;
	})();
	await begun.promise;
	return stream;
}

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

test("edge-sse/client stops when the disconnect is final, and comes back when it is not", async () => {
	const sse = new ServerSentEvents({ connector: memory(), limits: { perClient } });
	onTestFinished(() => sse.close());
	const events = new EventClient("http://localhost/?channel=a", {
		headers: { "x-user": "ann" },
		fetch: (url, init) => sse.fetch(new Request(url, init)),
	});
	onTestFinished(() => events.close());
	const states: [string, unknown][] = [];
	const told: unknown[] = [];
	events.onState((state, error) => void states.push([state, error]));
	events.on("sse.disconnect", (data) => void told.push(data));
	events.on("greeting", () => undefined);
	const reaches = (state: string) => expect.poll(() => events.state).toBe(state);
	await reaches("open");
	await sse.disconnect({ client: "ann", reason: "moved" });
	await reaches("waiting");
	await expect.poll(() => events.state).toBe("open");
	await sse.disconnect({ client: "ann", reason: "logged out", final: true });
	await reaches("closed");
	expect(states.at(-1)).toEqual(["closed", new Error("logged out")]);
	expect(told).toEqual([
		{ reason: "moved", final: false },
		{ reason: "logged out", final: true },
	]);
});

test("invalid options are refused with the field and the way out", async () => {
	const sse = new ServerSentEvents({ connector: memory(), channels: { allowed: ["room.*"] } });
	onTestFinished(() => sse.close());
	const wrong: [unknown, RegExp][] = [
		[undefined, /Write \{ channel \}/],
		[{}, /channel or client: one of them is needed/],
		[{ channel: "" }, /channel: must be a string that is not empty/],
		[{ channel: "news" }, /channel: is not one of channels\.allowed/],
		[{ client: "" }, /client: must be well-formed text of 1 to 1024 bytes/],
		[{ client: 7 }, /client: must be well-formed text/],
		[{ client: "a".repeat(1_025) }, /client: must be/],
		[{ client: "\ud800" }, /client: must be/],
		[
			{ client: "a", reason: "é".repeat(129) },
			/reason: must be well-formed text of 1 to 256 bytes/,
		],
		[{ client: "a", final: "yes" }, /final: must be true or false/],
		[{ user: "a" }, /user: unknown option\. Did you mean client\?/],
	];
	for (const [options, message] of wrong) {
		await expect(sse.disconnect(options as DisconnectOptions)).rejects.toThrow(message);
	}
});

test("while the broker is down, this process's streams end, and the caller gets an error", async () => {
	const broker = testBroker();
	const sse = new ServerSentEvents({
		connector: broker.connect(),
		limits: { perClient },
		onError: () => undefined,
	});
	onTestFinished(() => sse.close());
	const stream = await open(sse, "channel=a", "ann");
	broker.down();
	await expect(sse.disconnect({ client: "ann" })).rejects.toMatchObject({ code: "unavailable" });
	await stream.over;
});

test("a missing permission for the control channel is reported, and streams go on", async () => {
	const broker = testBroker();
	const connector = broker.connect();
	const { subscribe } = connector;
	let isForbidden = true;
	connector.subscribe = (channel, handlers) =>
		isForbidden && channel === controlChannel
			? Promise.reject(new ConnectorError("refused", "NOPERM"))
			: subscribe(channel, handlers);
	const reports: string[] = [];
	const sse = new ServerSentEvents({
		connector,
		limits: { perClient },
		onError: (error, { stage }) => void reports.push(`${stage}: ${(error as Error).message}`),
	});
	const other = new ServerSentEvents({ connector: broker.connect() });
	onTestFinished(() => sse.close());
	onTestFinished(() => other.close());
	const stream = await open(sse, "channel=a", "ann");
	await expect
		.poll(() => reports)
		.toEqual([expect.stringMatching(/^control: This process does not hear what others say/)]);
	expect(stream.isOver).toBe(false);
	isForbidden = false;
	await expect.poll(() => other.disconnect({ client: "ann" })).toEqual({ receivers: 1 });
	await stream.over;
});

test("clients and publishes cannot reach the control channel; forged messages at the broker are dropped", async () => {
	const connector = grounds[1]?.connect();
	if (connector === undefined) throw new Error("There is no Redis.");
	const reports: string[] = [];
	const sse = new ServerSentEvents({
		connector,
		limits: { perClient },
		onError: (error) => void reports.push((error as Error).message),
	});
	onTestFinished(() => sse.close());
	const stream = await open(sse, "channel=a", "ann");
	for (const name of [controlChannel, `x${controlChannel}`, "␟"]) {
		const refusal = await sse.fetch(
			new Request(`http://localhost/?channel=${encodeURIComponent(name)}`),
		);
		expect([refusal.status, await refusal.text()]).toEqual([
			400,
			expect.stringContaining("must not end with"),
		]);
		await expect(sse.publish("x", { channel: name })).rejects.toThrow(/must not end with/);
		expect(() => sse.messages(name)).toThrow(/must not end with/);
	}
	const forged = [
		"",
		"null",
		"[]",
		'{"data":"x"}',
		'{"say":1,"from":"x"}',
		'{"say":"toString","from":"x"}',
		'{"say":"disconnect","from":"x"}',
		'{"say":"disconnect","from":"x","client":1}',
		'{"say":"disconnect","from":"x","client":"ann","reason":{}}',
		`{"say":"disconnect","from":"x","client":"${"a".repeat(1_000_000)}"}`,
	];
	for (const payload of forged) await server().command("PUBLISH", controlChannel, payload);
	await sse.publish("after", { channel: "a" });
	await expect.poll(() => stream.text).toContain("after");
	expect(stream.isOver).toBe(false);
	expect(new Set(reports)).toEqual(new Set(["Dropped what is no control message."]));
	// Redis users who may PUBLISH there are trusted: the ACL decides.
	const true_ = '{"say":"disconnect","from":"x","client":"ann","reason":"x","final":false}';
	await server().command("PUBLISH", controlChannel, true_);
	await stream.over;
});
