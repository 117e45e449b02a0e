import { expect, test } from "vitest";
import { memory } from "../../../../src/connectors/memory.ts";
import type { Connector, Resume } from "../../../../src/core/connector.ts";
import { ServerSentEvents } from "../../../../src/core/sse.ts";
import { ask, expectRefused, open, read, request, scene } from "./kit.ts";

test("channels.prefix is put before every name at the broker, and is seen nowhere else", async () => {
	const heard: unknown[] = [];
	const it = scene({
		channels: { prefix: "app:" },
		history: {},
		authorize: (_, channels) => {
			heard.push(channels);
			return true;
		},
		onConnect: ({ channels }) => void heard.push(channels),
	});
	await it.sse.publish(1, { channel: "a" });
	const client = await open(it, "channel=a&channel=b&lastEventId=0");
	await it.sse.publish(2, { channel: "b" });
	expect(await client.data(2)).toEqual(["1", "2"]);
	const messages = it.sse.messages("c");
	const next = messages.next();
	await expect.poll(() => it.calls).toContain("head app:c");
	await it.sse.publish(3, { channel: "c" });
	expect((await next).value).toMatchObject({ data: 3 });
	await messages.return?.();
	await read(await it.sse.stream(request("channel=x"), { channel: "d", recent: 1 })).placed();
	const calls = new Set(it.calls.map((call) => call.split(" ")[0]));
	expect(calls).toEqual(new Set(["publish", "subscribe", "head", "read"]));
	for (const call of it.calls) expect(call).toMatch(/^\w+ app:[abcd]$/);
	expect(heard).toEqual([["a", "b"], ["a", "b"], ["d"], ["d"]]);
	expect(it.sse.connector).toBe(it.broker);
});

test("instances with different prefixes, or none, have different channels", async () => {
	const shared = memory();
	const make = (prefix: string) => scene({ connector: shared, channels: { prefix } });
	const [plain, one, two] = [make(""), make("1:"), make("2:")];
	const clients = [
		await open(plain),
		await open(one),
		await open(two),
		await open(plain, "channel=1:a"),
	];
	await one.sse.publish("one", { channel: "a" });
	await two.sse.publish("two", { channel: "a" });
	await plain.sse.publish("plain", { channel: "a" });
	expect(await clients[1]?.data(1)).toEqual(["one"]);
	expect(await clients[2]?.data(1)).toEqual(["two"]);
	expect(await clients[0]?.data(1)).toEqual(["plain"]);
	// A client can name the prefix itself, which channels.allowed prevents.
	expect(await clients[3]?.data(1)).toEqual(["one"]);
});

test("sse.gap and reports name the channel without the prefix", async () => {
	const it = scene({ channels: { prefix: "app:" }, history: { maxLength: 1 } });
	const client = await open(it, "channel=a&channel=b&lastEventId=rubbish");
	await client.when(() => client.gaps.length === 2, "two gaps");
	await it.sse.publish(0, { channel: "a" });
	await it.broker.publish("app:a", "no message");
	await it.broker.without("app:a", async () => {
		for (let n = 0; n < 3; n++) await it.sse.publish(n, { channel: "a" });
	});
	await client.when(() => client.gaps.length === 3, "the third gap");
	expect(client.gaps.map(({ channel }) => channel)).toEqual(["a", "b", "a"]);
	expect(client.text).not.toContain("app:");
	expect(it.reports.map(({ stage, channel }) => `${stage} ${channel}`)).toEqual([
		"replay a",
		"replay b",
		"decode a",
		"upstream a",
		"upstream a",
	]);
	for (const { error } of it.reports) expect((error as Error).message).not.toContain("app:");
});

test.each(["", "app:"])(
	"with channels.prefix %j a cursor of several channels resumes them in another instance",
	async (prefix) => {
		const shared = memory({ history: {} });
		const make = () => scene({ connector: shared, channels: { prefix } });
		const [before, after] = [make(), make()];
		const first = await open(before, "channel=a&channel=b");
		const lastEventId = await first.placed();
		expect(lastEventId).toContain(".");
		await before.sse.publish(1, { channel: "b" });
		const headers = { "last-event-id": lastEventId };
		const back = await open(after, "channel=b&channel=a", { headers });
		expect(await back.data(1)).toEqual(["1"]);
		expect(back.gaps).toEqual([]);
	},
);

test("a connector with streams of its own gets the names with the prefix", async () => {
	const inner = memory();
	const asked: [readonly string[], Resume][] = [];
	const connector: Connector = {
		name: "itself",
		scope: "process",
		publish: (...all) => inner.publish(...all),
		subscribe: (...all) => inner.subscribe(...all),
		async stream(channels, resume) {
			expect(this).toBe(connector);
			asked.push([channels, resume]);
			return new Blob([":\n\n"]).stream();
		},
		close: () => inner.close(),
	};
	const sse = new ServerSentEvents({
		connector,
		channels: { prefix: "app:" },
		limits: { connections: 1 },
	});
	for (const [expires, control, envelope] of [
		[Number.POSITIVE_INFINITY, false, false],
		[8e15, true, true],
	] as const) {
		const query = `channel=a&channel=b${control ? "&sse.control=events&envelope=1&sse.cursor=named" : ""}`;
		const { body } = await sse.stream(request(query), { recent: 2, expires });
		await body?.cancel();
		const asks = { lastEventId: undefined, recent: 2, expires, control, envelope, named: envelope };
		const resume = { ...asks, prefix: "app:" };
		expect(asked.pop()).toEqual([["app:a", "app:b"], resume]);
	}
	await sse.close();
});

test("channels.allowed applies to fetch, routes, publish and messages()", async () => {
	const it = scene({ channels: { allowed: ["news", "room.*"] } });
	for (const name of ["news", "room.1", "room."]) {
		const client = await open(it, `channel=${name}`);
		await it.sse.publish(name, { channel: name });
		expect(await client.data(1)).toEqual([name]);
		read(await it.sse.stream(request(), { channel: name }));
		const messages = it.sse.messages(name);
		await messages.return?.();
	}
	const { calls } = it;
	const touched = calls.length;
	for (const name of ["sse", "news2", "room", "ROOM.1", "xroom.1", "room*", "*", " news", "new"]) {
		await expectRefused(await ask(it, `channel=${encodeURIComponent(name)}`), 403);
		await expectRefused(await it.sse.stream(request(), { channel: name }), 403);
		await expect(it.sse.publish(1, { channel: name })).rejects.toThrow(/channels\.allowed/);
		expect(() => it.sse.messages(name)).toThrow(/channels\.allowed/);
	}
	// One channel that is not allowed is enough, and the default channel is no exception.
	await expectRefused(await ask(it, "channel=news&channel=other"), 403);
	await expectRefused(await ask(it, ""), 403);
	await expect(it.sse.publish(1)).rejects.toThrow(TypeError);
	expect(() => it.sse.messages()).toThrow(TypeError);
	expect(calls.length).toBe(touched);
});

test("an empty channels.allowed allows no channel, and `*` allows every channel", async () => {
	await expectRefused(await ask(scene({ channels: { allowed: [] } })), 403);
	await open(scene({ channels: { allowed: ["*"] } }), "channel=any");
});

test("channels.allowed lists names without the prefix", async () => {
	const it = scene({ channels: { allowed: ["a"], prefix: "app:" } });
	await open(it);
	expect(it.calls).toEqual(["subscribe app:a"]);
	await expectRefused(await ask(it, "channel=app:a"), 403);
});

test("a refusal does not show whether a channel exists", async () => {
	const it = scene({ channels: { allowed: ["a"] } });
	const errors = await Promise.all(
		["b", "secret"].map(async (name) => expectRefused(await ask(it, `channel=${name}`), 403)),
	);
	expect(new Set(errors).size).toBe(1);
});
