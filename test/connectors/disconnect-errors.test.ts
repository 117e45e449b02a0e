import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { EventClient } from "../../src/client.ts";
import { memory } from "../../src/connectors/memory.ts";
import { redis } from "../../src/connectors/redis.ts";
import { controlChannel } from "../../src/core/request/request.ts";
import { ConnectorError, type DisconnectOptions, ServerSentEvents } from "../../src/exports.ts";
import { testBroker } from "../../src/testing/broker.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { open, perClient } from "./disconnect-kit.ts";

/** `sse.disconnect()`: its end at the client, wrong options, a broker that is down, and forged messages. */

let server: RedisServer;

beforeAll(async () => {
	server = await startRedis();
});
afterAll(() => server.stop());

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
	const connector = redis(server.url, { timeout: 10_000 });
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
	for (const payload of forged) await server.command("PUBLISH", controlChannel, payload);
	await sse.publish("after", { channel: "a" });
	await expect.poll(() => stream.text).toContain("after");
	expect(stream.isOver).toBe(false);
	expect(new Set(reports)).toEqual(new Set(["Dropped what is no control message."]));
	// Redis users who may PUBLISH there are trusted: the ACL decides.
	const true_ = '{"say":"disconnect","from":"x","client":"ann","reason":"x","final":false}';
	await server.command("PUBLISH", controlChannel, true_);
	await stream.over;
});
