import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import type { ConnectorError } from "../../src/core/errors.ts";
import { Recorder } from "../../src/testing.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/wait.ts";
import { broker, harness, history, options, password } from "./redis-harness.ts";
import { connectorSuite } from "./suite.ts";

let server: RedisServer;

beforeAll(async () => {
	server = await startRedis({
		password,
		users: ["alice on >p%ss/w:rd ~* &allowed.* +@all", "bob on >first ~* &* +@all"],
	});
});

afterAll(() => server.stop());

connectorSuite("redis", {
	...harness(() => server),
	broker: broker(() => server),
	connect: () => redis(server.url, options),
	history: history(
		() => server,
		(history) => redis(server.url, { ...options, history }),
	),
	lacks: { borrow: "redis-clients.test.ts hands clients in" },
});

/** Longer than a test may take: an error that comes at once is no timeout. */
const forLong = { timeout: 600_000 };

/** The call's error. */
async function refusal(call: Promise<unknown>): Promise<ConnectorError> {
	return call.then(
		() => {
			throw new Error("It resolved.");
		},
		(reason: ConnectorError) => reason,
	);
}

describe("access", () => {
	const alice = () => `redis://alice:${encodeURIComponent("p%ss/w:rd")}@127.0.0.1:${server.port}`;

	test("user, password and database number of the URL are used on both connections", async () => {
		const connector = redis(`${alice()}/3`, options);
		const recorder = new Recorder();
		await connector.subscribe("allowed.room", recorder);
		expect(await connector.publish("allowed.room", "hello")).toEqual({ receivers: 1 });
		await recorder.saw("hello");
		const list = String(await server.command("CLIENT", "LIST"));
		const mine = list.split("\n").filter((line) => line.includes("user=alice"));
		expect(mine).toHaveLength(2);
		for (const line of mine) expect(line).toContain(" db=3 ");
		await connector.close();
	});

	test("a channel that the user's ACL forbids is refused at once, and other channels stay", async () => {
		const connector = redis(alice(), forLong);
		const recorder = new Recorder();
		await connector.subscribe("allowed.room", recorder);
		const calls = [connector.subscribe("secret", new Recorder()), connector.publish("secret", "x")];
		for (const error of await Promise.all(calls.map(refusal))) {
			expect(error).toMatchObject({ name: "ConnectorError", code: "refused" });
			expect(error.message).toMatch(/NOPERM/);
		}
		await connector.publish("allowed.room", "still here");
		await recorder.saw("still here");
		expect(recorder.events).toEqual([]);
		await connector.close();
	});

	test.each([
		["no password", (url: URL) => `redis://${url.host}`],
		["a wrong password", (url: URL) => `redis://:nope@${url.host}`],
		["a database that does not exist", (url: URL) => `${url.href}/99`],
	])("%s is refused at once", async (_, target) => {
		const connector = redis(target(new URL(server.url)), forLong);
		const calls = [connector.publish("x", "x"), connector.subscribe("x", new Recorder())];
		for (const error of await Promise.all(calls.map(refusal))) {
			expect(error.code).toBe("refused");
		}
		await connector.close();
		await until(async () => (await server.clients()) === 0, { what: "no connection left behind" });
	});

	test("a changed password ends the subscriptions once their connection is lost", async () => {
		const connector = redis(`redis://bob:first@127.0.0.1:${server.port}`, options);
		const recorder = new Recorder();
		await connector.subscribe("room", recorder);
		await server.command("ACL", "SETUSER", "bob", "resetpass", ">second");
		await server.command("CLIENT", "KILL", "USER", "bob");
		await recorder.heard("end:refused");
		expect(recorder.events).toEqual(["lost", "end:refused"]);
		await connector.close();
	});
});

describe("TLS", () => {
	let secure: RedisServer;
	beforeAll(async () => {
		secure = await startRedis({ password, tls: true });
	});
	afterAll(() => secure.stop());

	test("rediss: with the server's authority works", async () => {
		const connector = redis({ url: secure.url, socket: { ca: secure.tls?.pem } }, options);
		const recorder = new Recorder();
		await connector.subscribe("room", recorder);
		await connector.publish("room", "over TLS");
		await recorder.saw("over TLS");
		await connector.close();
	});

	test("an untrusted certificate is reported as the cause, in time", async () => {
		const connector = redis(secure.url, options);
		const error = await refusal(connector.publish("room", "x"));
		expect(error.code).toBe("unavailable");
		expect(error.cause).toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
		await connector.close();
	});
});

describe("connections", () => {
	const subscribes = () => server.calls("subscribe");

	test("one subscribes and one publishes, however many channels and subscriptions there are", async () => {
		const connector = redis(server.url, options);
		const before = await subscribes();
		const channels = Array.from({ length: 50 }, (_, i) => `channel ${i}`);
		await Promise.all(
			[...channels, ...channels].map((channel) => connector.subscribe(channel, new Recorder())),
		);
		expect(await server.clients()).toBe(1);
		expect((await subscribes()) - before).toBe(channels.length);
		await Promise.all(channels.map((channel) => connector.publish(channel, "x")));
		expect(await server.clients()).toBe(2);
		await connector.close();
	});

	test("a subscription works again soon after the server's return", async () => {
		const connector = redis(server.url);
		const recorder = new Recorder();
		await connector.subscribe("room", recorder);
		await server.kill();
		await recorder.heard("lost");
		// Down long enough that the pauses between attempts have reached their full length.
		const publishing = await refusal(connector.publish("room", "x"));
		expect(publishing.code).toBe("unavailable");
		await server.restart();
		await recorder.heard("restored");
		await connector.close();
	});

	test("a network path that was cut silently is noticed, and replaced as soon as it works again", async () => {
		await using proxy = await tcpProxy({ port: server.port });
		const url = new URL(server.url);
		url.port = String(proxy.port);
		const connector = redis(url.href, { timeout: 1_000, pingInterval: 200 });
		const recorder = new Recorder();
		await connector.subscribe("room", recorder);
		await connector.publish("room", "before");
		proxy.blackhole(true);
		await recorder.heard("lost");
		const error = await refusal(connector.publish("room", "into the void"));
		expect(error.code).toBe("unavailable");
		proxy.cut();
		proxy.blackhole(false);
		await recorder.heard("restored");
		await connector.publish("room", "after");
		await recorder.saw("after");
		expect(recorder.events).toEqual(["lost", "restored"]);
		expect(recorder.messages).toEqual(["before", "after"]);
		await connector.close();
	});

	test("an idle subscriber's lost connection causes no loss", async () => {
		const connector = redis(server.url, options);
		const first = await connector.subscribe("room", new Recorder());
		await first.unsubscribe();
		await server.command("CLIENT", "KILL", "TYPE", "pubsub");
		await server.command("CLIENT", "KILL", "TYPE", "normal", "USER", "default");
		await until(async () => (await server.clients()) === 0, { what: "nobody to dial again" });
		const recorder = new Recorder();
		await connector.subscribe("room", recorder);
		await connector.publish("room", "hello");
		await recorder.saw("hello");
		await connector.close();
	});
});

test("a script that published, subscribed and unsubscribed ends by itself without close()", async () => {
	const source = new URL("../../src/connectors/redis.ts", import.meta.url).href;
	const script = `
		import { redis } from ${JSON.stringify(source)};
		const connector = redis(process.env.URL, { timeout: 20_000 });
		const nothing = () => {};
		const handlers = { onMessage: nothing, onLost: nothing, onRestored: nothing, onEnd: nothing };
		const subscription = await connector.subscribe("room", handlers);
		console.log((await connector.publish("room", "hello")).receivers);
		await subscription.unsubscribe();`;
	const args = ["--input-type=module", "-e", script];
	// A script that hangs is killed, and rejects.
	const run = promisify(execFile)(process.execPath, args, {
		env: { ...process.env, URL: server.url },
		timeout: 60_000,
	});
	expect((await run).stdout).toBe("1\n");
});

test("a name or payload that UTF-8 cannot carry is a TypeError, never another name", async () => {
	const connector = redis(server.url, options);
	await expect(connector.publish("\ud800", "x")).rejects.toThrow(TypeError);
	await expect(connector.publish("x", "\udfff")).rejects.toThrow(TypeError);
	await expect(connector.subscribe("\ud800", new Recorder())).rejects.toThrow(TypeError);
	await connector.close();
});
