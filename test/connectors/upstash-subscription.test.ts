import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type UpstashOptions, upstash } from "../../src/connectors/upstash.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { Recorder } from "../../src/testing.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";
import { until } from "../support/wait.ts";

let server: RedisServer;

beforeAll(async () => {
	server = await startRedis();
});
afterAll(() => server.stop());
afterEach(() => {
	vi.restoreAllMocks();
});

/** A gateway that only this test uses, and a connector that is closed with it. */
async function setUp(options: UpstashOptions = {}) {
	const gateway = await startUpstashGateway({ redis: server.url });
	const connector = upstash({
		url: gateway.url,
		token: gateway.token,
		// A machine that stalls for a second must not look like a broker that does not answer.
		timeout: 20_000,
		maxBackoff: 20,
		...options,
	});
	return {
		gateway,
		connector,
		[Symbol.asyncDispose]: async () => {
			await connector.close();
			await gateway.stop();
		},
	};
}

const subscribes = (gateway: UpstashGateway) =>
	gateway.requests.filter(({ path }) => /^\/p?subscribe\//.test(path));
const publish = (channel: string, payload: string) => server.command("PUBLISH", channel, payload);

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

describe("reading", () => {
	test.for([
		["well behaved", {}],
		["no blank lines", { blankLines: false }],
		["no space", { space: false }],
		[
			"no blank lines, no space, a byte at a time",
			{ blankLines: false, space: false, chunks: "bytes" },
		],
		["CRLF", { lineEnd: "\r\n" }],
		[
			"CRLF a byte at a time, no blank lines",
			{ lineEnd: "\r\n", chunks: "bytes", blankLines: false },
		],
		["a byte at a time", { chunks: "bytes" }],
		["joined", { chunks: "joined" }],
		["joined, no blank lines", { chunks: "joined", blankLines: false }],
		["garbage", { garbage: true }],
		[
			"garbage, no blank lines, a byte at a time",
			{ garbage: true, blankLines: false, chunks: "bytes" },
		],
	] as const)("payloads come as they were published: %s", async ([, behaviour]) => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		gateway.behave(behaviour);
		const recorder = new Recorder();
		await connector.subscribe("chat, one", recorder);
		const payloads = ["hello", "", "a,b,,c", "é 😀 漢字", "  two", '{"data":"x"}', "data: x", "1"];
		for (const payload of payloads) await connector.publish("chat, one", payload);
		await recorder.saw("1");
		expect(recorder.messages).toEqual(payloads);
		expect(recorder.events).toEqual([]);
	});

	test("a payload of several lines is one payload, with \\n as each line end", async () => {
		await using scene = await setUp();
		const recorder = new Recorder();
		await scene.connector.subscribe("chat", recorder);
		await publish("chat", "a\nb\r\nc\rd\n\n");
		await recorder.saw("a\nb\nc\nd\n\n");
	});

	test("a payload of 1 MB, of characters of four bytes", async () => {
		await using scene = await setUp();
		const recorder = new Recorder();
		await scene.connector.subscribe("chat", recorder);
		const payload = "😀".repeat(2 ** 18);
		await scene.connector.publish("chat", payload);
		await until(() => recorder.messages.length > 0, { what: "the payload" });
		expect(recorder.messages[0] === payload).toBe(true);
	});
});

test("a hostile name reaches its own channel and no other path", async () => {
	await using scene = await setUp();
	const { gateway, connector } = scene;
	await server.command("SET", "secret", "stolen");
	const names = [
		"a/../../get/secret",
		"../get/secret",
		"..",
		".",
		"%2e%2e",
		"a,b",
		"a?x=1#f",
		"?_token=x",
		"two words",
		" ",
		"😀 é",
		"a\"b'c`d",
		"a\\..\\b",
		"a%2Fb",
		"a+b",
		"a\nb",
		"a\0b",
		"[.]",
		"[.][.]",
		"*",
		"x".repeat(300),
		"漢".repeat(300),
	];
	for (const [i, name] of names.entries()) {
		const recorder = new Recorder();
		const subscription = await connector.subscribe(name, recorder);
		const request = gateway.requests.at(-1);
		if (name === "." || name === "..") {
			expect(request?.commands).toEqual([["psubscribe", name.replaceAll(".", "[.]")]]);
		} else {
			expect(request?.commands).toEqual([["subscribe", name]]);
			expect(request?.path).toBe(`/subscribe/${encodeURIComponent(name)}`);
		}
		// Messages to the other channels must not arrive.
		for (const other of names) if (other !== name) await publish(other, "not for you");
		expect(await connector.publish(name, `for ${i}`)).toEqual({ receivers: 1 });
		expect(gateway.requests.at(-1)?.path).toBe("/");
		await recorder.saw(`for ${i}`);
		expect(recorder.messages, JSON.stringify(name)).toEqual([`for ${i}`]);
		await subscription.unsubscribe();
		await until(() => gateway.openSubscribes === 0, { what: "the leave" });
	}
	expect(gateway.requests.every(({ commands }) => commands[0]?.[0] !== "get")).toBe(true);
});

test.each([true, false])(
	"JSON over several lines is one message, blank lines or not: %s",
	async (blankLines) => {
		await using scene = await setUp();
		scene.gateway.behave({ blankLines });
		const sse = new ServerSentEvents({
			connector: scene.connector,
			stringify: (data) => JSON.stringify(data, null, 2).replaceAll("\n", "\r\n"),
		});
		const recorder = new Recorder();
		await scene.connector.subscribe("a", recorder);
		const data = { text: "a\r\nb", list: [1, { n: null }] };
		await sse.publish(data, { channel: "a" });
		await sse.publish("the end", { channel: "a" });
		await recorder.saw('{"data":"the end"}');
		expect(recorder.messages.map((payload) => JSON.parse(payload).data)).toEqual([data, "the end"]);
	},
);

test("a name with half a surrogate pair is refused: it would become another name", async () => {
	await using scene = await setUp();
	await expect(scene.connector.subscribe("a\ud800", new Recorder())).rejects.toThrow(TypeError);
	await expect(scene.connector.publish("a\ud800", "x")).rejects.toThrow(TypeError);
	expect(scene.gateway.requests).toEqual([]);
});

describe("subscribe rejects, and leaves nothing behind", () => {
	test.for([
		["401", { status: 401 }, "refused"],
		["403", { status: 403 }, "refused"],
		["400: SUBSCRIBE is not to be had", { status: 400, error: "ERR not available" }, "refused"],
		["404: it speaks no /subscribe", { status: 404, body: "Not found" }, "refused"],
		["429", { status: 429, retryAfter: "60" }, "unavailable"],
		["500", { status: 500 }, "unavailable"],
		["502, a page", { status: 502, body: "<html>" }, "unavailable"],
		["a reset", { status: "reset" }, "unavailable"],
		["a 200 that is no stream", { status: 200, body: '{"result":1}' }, "unavailable"],
	] as const)("%s: %o", async ([, fault, code]) => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		gateway.fault({ ...fault, to: "subscribe" });
		const recorder = new Recorder();
		await expect(connector.subscribe("chat", recorder)).rejects.toMatchObject({ code });
		await until(() => gateway.openSubscribes === 0, { what: "nothing open" });
		// A further try would have been seen before this one.
		gateway.faultless();
		const other = new Recorder();
		await connector.subscribe("other", other);
		expect(subscribes(gateway).length).toBe(2);
		expect(recorder.events).toEqual([]);
	});

	test("a broker that accepts the request and never confirms", async () => {
		await using scene = await setUp({ timeout: 100 });
		const { gateway, connector } = scene;
		gateway.behave({ silent: true });
		const subscribing = connector.subscribe("chat", new Recorder());
		await expect(subscribing).rejects.toThrow("did not confirm the subscription within 100 ms");
		await until(() => gateway.openSubscribes === 0, { what: "the request withdrawn" });
		await until(async () => (await server.numsub("chat")) === 0, { what: "nothing at Redis" });
	});

	test("a stream that ends before it confirms", async () => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		gateway.behave({ silent: true });
		const subscribing = expect(connector.subscribe("chat", new Recorder())).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringContaining("ended the stream before it confirmed"),
		});
		await until(async () => (await server.numsub("chat")) === 1, { what: "the silent stream" });
		await gateway.endStreams();
		await subscribing;
	});
});

describe("a loss", () => {
	test.for(["end", "reset"] as const)("is noticed and repaired: %s", async (how) => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		for (let round = 1; round <= 3; round++) {
			if (how === "end") await gateway.endStreams();
			else gateway.resetStreams();
			await recorder.heard("restored", round);
			await connector.publish("chat", `round ${round}`);
			await recorder.saw(`round ${round}`);
		}
		expect(recorder.messages).toEqual(["round 1", "round 2", "round 3"]);
		expect(recorder.events).toEqual(Array(3).fill(["lost", "restored"]).flat());
		expect(gateway.maxOpenSubscribes).toBe(1);
	});

	test("in the middle of a message: the half is dropped, and is never delivered", async () => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		gateway.behave({ chunks: "bytes" });
		await connector.publish("chat", "half of this is lost".repeat(1_000));
		gateway.resetStreams();
		await recorder.heard("restored");
		await connector.publish("chat", "whole");
		await recorder.saw("whole");
		expect(recorder.messages).toEqual(["whole"]);
	});

	test.for([401, 403, 400])(
		"that is answered with %i is final: onEnd, and no more requests",
		async (status) => {
			await using scene = await setUp();
			const { gateway, connector } = scene;
			const recorder = new Recorder();
			await connector.subscribe("chat", recorder);
			gateway.fault({ to: "subscribe", status, error: "revoked" });
			await gateway.endStreams();
			await recorder.heard("end:refused");
			expect(recorder.events).toEqual(["lost", "end:refused"]);
			expect(recorder.errors.at(-1)?.message).toContain("revoked");
			const seen = subscribes(gateway).length;
			gateway.faultless();
			// A late try would come before this one's messages.
			const other = new Recorder();
			await connector.subscribe("other", other);
			for (let i = 0; i < 20; i++) await connector.publish("other", `${i}`);
			await other.saw("19");
			expect(subscribes(gateway).length).toBe(seen + 1);
		},
	);

	test.for([
		["seconds", (): string => "1"],
		["a date", (): string => new Date(Date.now() + 2_000).toUTCString()],
	] as const)("waits as long as Retry-After says: %s", async ([, retryAfter]) => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		gateway.fault({ to: "subscribe", status: 429, retryAfter: retryAfter(), times: 1 });
		await gateway.endStreams();
		await until(() => subscribes(gateway).length === 2, { what: "the try that is turned away" });
		const start = performance.now();
		await recorder.heard("restored");
		// A date has no fraction of a second.
		expect(performance.now() - start).toBeGreaterThanOrEqual(900);
		expect(subscribes(gateway).length).toBe(3);
		expect(recorder.events).toEqual(["lost", "restored"]);
	});

	test("a stream that always ends at once is reconnected after growing pauses", async () => {
		await using scene = await setUp({ maxBackoff: 600 });
		const { gateway, connector } = scene;
		vi.spyOn(Math, "random").mockReturnValue(1);
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		const pauses: number[] = [];
		for (let round = 1; round <= 5; round++) {
			const start = performance.now();
			await gateway.endStreams();
			await recorder.heard("restored", round);
			pauses.push(performance.now() - start);
		}
		for (const [i, least] of [100, 200, 400, 600, 600].entries()) {
			expect(pauses[i], `pause ${i}`).toBeGreaterThanOrEqual(least - 5);
		}
	});

	test("unsubscribe during it: no further request", async () => {
		await using scene = await setUp();
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		const subscription = await connector.subscribe("chat", recorder);
		gateway.fault({ to: "subscribe", status: 500 });
		await gateway.endStreams();
		await until(() => subscribes(gateway).length >= 3, { what: "tries" });
		await subscription.unsubscribe();
		const other = new Recorder();
		gateway.faultless();
		await connector.subscribe("other", other);
		for (let i = 0; i < 20; i++) await connector.publish("other", `${i}`);
		await other.saw("19");
		expect(recorder.events).toEqual(["lost"]);
		expect(await server.numsub("chat")).toBe(0);
	});

	test.for([1, 2, 3])(
		"100 ends at random moments, seed %i: nothing lost, nothing twice",
		async (seed) => {
			await using scene = await setUp();
			const { gateway, connector } = scene;
			const random = randomFrom(seed);
			const channels = ["one", "two", "three"];
			const listeners = new Map<string, Recorder>();
			for (const channel of channels) {
				const recorder = new Recorder();
				listeners.set(channel, recorder);
				await connector.subscribe(channel, recorder);
			}
			// Redis says whether the channel had a subscriber at that moment. That subscriber must receive the
			// message.
			const owed = new Map<string, string[]>(channels.map((channel) => [channel, []]));
			let running = true;
			const publishing = channels.map(async (channel) => {
				for (let i = 0; running; i++) {
					if ((await publish(channel, `${channel} ${i}`)) === 1)
						owed.get(channel)?.push(`${channel} ${i}`);
				}
			});
			for (let round = 0; round < 100; round++) {
				// A moment is a number of messages from zero upwards: some ends come before all are back.
				const recorder = listeners.get(channels[round % 3] ?? "");
				const goal = (recorder?.messages.length ?? 0) + Math.floor(random() * 4);
				await until(() => (recorder?.messages.length ?? 0) >= goal, {
					what: `round ${round}`,
					every: 1,
				});
				await gateway.endStreams();
			}
			running = false;
			await Promise.all(publishing);
			for (const channel of channels) {
				// A subscriber got it, so it must arrive. Until then nobody has reconnected.
				await until(async () => (await publish(channel, "last")) === 1, {
					what: "the last return",
				});
				owed.get(channel)?.push("last");
				await listeners.get(channel)?.saw("last");
				expect(listeners.get(channel)?.messages).toEqual(owed.get(channel));
			}
			expect(gateway.maxOpenSubscribes).toBeLessThanOrEqual(channels.length + 1);
			// The ends have found streams to end.
			const losses = [...listeners.values()].flatMap(({ events }) =>
				events.filter((event) => event === "lost"),
			);
			expect(losses.length).toBeGreaterThanOrEqual(100);
		},
	);
});

describe("silence", () => {
	test("on a quiet channel: the stream is replaced, and nothing is lost or reported", async () => {
		await using scene = await setUp({ maxSilence: 100 });
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		const commands = gateway.commands;
		await until(() => subscribes(gateway).length === 3 && gateway.openSubscribes === 1, {
			what: "two renewals",
		});
		expect(gateway.commands - commands).toBe(2);
		expect(gateway.maxOpenSubscribes).toBe(2);
		await connector.publish("chat", "after");
		await recorder.saw("after");
		expect([recorder.messages, recorder.events]).toEqual([["after"], []]);
	});

	test("any bytes end a silence", async () => {
		await using scene = await setUp({ maxSilence: 300 });
		const { gateway, connector } = scene;
		await connector.subscribe("chat", new Recorder());
		const start = performance.now();
		await until(
			() => {
				gateway.beat();
				return performance.now() - start > 1_000;
			},
			{ what: "three times the silence that is allowed", every: 20 },
		);
		expect(subscribes(gateway).length).toBe(1);
	});

	test("a message while both streams are open comes once, and the old stream stays", async () => {
		await using scene = await setUp({ maxSilence: 100 });
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		for (let round = 1; round <= 3; round++) {
			await until(async () => (await server.numsub("chat")) === 2, { what: "both streams live" });
			expect(await connector.publish("chat", "again")).toEqual({ receivers: 2 });
			await until(() => recorder.messages.length >= round, { what: "the message" });
			await until(() => gateway.openSubscribes === 1, { what: "the second stream dropped" });
		}
		await connector.publish("chat", "last");
		await recorder.saw("last");
		expect(recorder.messages).toEqual(["again", "again", "again", "last"]);
		expect(recorder.events).toEqual([]);
		expect(gateway.maxOpenSubscribes).toBe(2);
	});

	test("of a dead stream: its replacement's messages come, and the gap is reported", async () => {
		await using scene = await setUp({ maxSilence: 100 });
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		gateway.muteStreams();
		await publish("chat", "swallowed");
		await until(async () => (await server.numsub("chat")) === 2, { what: "both streams live" });
		for (const payload of ["same", "same", "end"]) await publish("chat", payload);
		await recorder.saw("end");
		expect(recorder.messages).toEqual(["same", "same", "end"]);
		expect(recorder.events).toEqual(["lost", "restored"]);
		await until(() => gateway.openSubscribes === 1, { what: "the dead stream dropped" });
	});

	test("followed by the end of the old stream: the new one is there already", async () => {
		await using scene = await setUp({ maxSilence: 100 });
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		gateway.muteStreams();
		await until(async () => (await server.numsub("chat")) === 2, { what: "both streams live" });
		await publish("chat", "held");
		await [...gateway.streams][0]?.end();
		await recorder.saw("held");
		expect(recorder.events).toEqual(["lost", "restored"]);
		expect(subscribes(gateway).length).toBe(2);
	});

	test("of the whole broker: a failed renewal is a loss, and it is repaired", async () => {
		await using scene = await setUp({ maxSilence: 100, timeout: 2_000 });
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		gateway.muteStreams();
		gateway.pause();
		await recorder.heard("lost");
		await gateway.resume();
		await recorder.heard("restored");
		await connector.publish("chat", "back");
		await recorder.saw("back");
		expect(recorder.messages).toEqual(["back"]);
	});

	test("followed by a refusal: the subscription is over", async () => {
		await using scene = await setUp({ maxSilence: 100 });
		const { gateway, connector } = scene;
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		gateway.fault({ to: "subscribe", status: 401 });
		await recorder.heard("end:refused");
		expect(recorder.events).toEqual(["end:refused"]);
		await until(() => gateway.openSubscribes === 0, { what: "nothing open" });
	});

	test("on many channels: one renewal at a time, and each old stream closes before the next", async () => {
		await using scene = await setUp({ maxSilence: 50 });
		const { gateway, connector } = scene;
		gateway.behave({ leaveDelay: 100 });
		const channels = Array.from({ length: 5 }, (_, i) => `quiet ${i}`);
		for (const channel of channels) {
			await connector.subscribe(channel, new Recorder());
			// Spread out, so that another one checks its silence soon after each renewal.
			await delay(30);
		}
		const renewed = () =>
			new Set(
				subscribes(gateway)
					.slice(5)
					.map(({ path }) => path),
			).size;
		await until(() => renewed() >= 3, { what: "renewals of three channels" });
		expect(gateway.maxOpenSubscribes).toBe(channels.length + 1);
	});

	test("unsubscribe and close during a renewal leave nothing open", async () => {
		await using scene = await setUp({ maxSilence: 100 });
		const { gateway, connector } = scene;
		const first = await connector.subscribe("chat", new Recorder());
		await until(async () => (await server.numsub("chat")) === 2, { what: "both streams live" });
		await first.unsubscribe();
		await until(() => gateway.openSubscribes === 0, { what: "both left" });
		const recorder = new Recorder();
		await connector.subscribe("chat", recorder);
		await until(async () => (await server.numsub("chat")) === 2, { what: "both streams live" });
		await connector.close();
		await until(() => gateway.openSubscribes === 0, { what: "both left" });
		expect(recorder.events).toEqual(["end:closed"]);
	});
});
