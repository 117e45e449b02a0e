import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { memory } from "../../src/connectors/memory.ts";
import { redis } from "../../src/connectors/redis.ts";
import { relay } from "../../src/relay.ts";
import { Recorder } from "../../src/testing.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { RelayRoot, relayToken } from "../support/relay-root.ts";
import { until } from "../support/wait.ts";
import { connectorSuite } from "./suite.ts";

let server: RedisServer;
let root: RelayRoot;
/** Counts from the start of the hub. */
let publishedBefore = 0;
const roots: RelayRoot[] = [];
beforeAll(async () => {
	server = await startRedis();
	// The client library is loaded before a clock runs.
	const broker = redis(server.url);
	await broker.check?.();
	await broker.close();
	root = new RelayRoot(() => redis(server.url));
	await root.start();
});
afterEach(async () => {
	for (const each of roots.splice(0)) await each.close();
});
afterAll(async () => {
	await root.close();
	await server.stop();
});

async function each(act: (one: RelayRoot) => Promise<void>): Promise<void> {
	await Promise.all([root, ...roots].map(act));
}

connectorSuite("relay", {
	connect: () => relay(root.url, { token: relayToken, timeout: 2_000 }),
	broker: {
		stop: () => each((one) => one.stop()),
		start: async () => {
			publishedBefore = await server.publishes();
			await each((one) => one.start());
		},
		numsub: (channel) => server.numsub(channel),
		pause: () => each(async ({ proxy }) => proxy.blackhole(true)),
		resume: () => each(async ({ proxy }) => proxy.blackhole(false)),
		clients: async () => root.proxy.connections,
		publishes: async () => (await server.publishes()) - publishedBefore,
	},
	history: {
		connect: async (history) => {
			const kept = new RelayRoot(() => redis(server.url, { history }));
			roots.push(kept);
			await kept.start();
			return relay(kept.url, { token: relayToken, timeout: 2_000, history: true });
		},
		wipe: async () => {
			await server.command("FLUSHALL");
		},
		runs: true,
		raced: 2_000,
	},
	lacks: {
		receivers: "a hub is one subscription at its broker, however many relays it has",
		borrow: "there is no client to hand in",
		refused: "see the tests of the hub",
	},
});

/** A root that only this test uses. */
async function ownRoot(connect = () => memory()): Promise<RelayRoot> {
	const own = new RelayRoot(connect);
	roots.push(own);
	await own.start();
	return own;
}

const patient = { token: relayToken, timeout: 30_000 };

describe("streams are merged", () => {
	test("names of 9 MB become several streams, and none of them is refused", async () => {
		const own = await ownRoot();
		const connector = relay(own.url, patient);
		// JSON needs six bytes for this character.
		const names = Array.from({ length: 3_000 }, (_, n) => `${n}${"\u0001".repeat(500)}`);
		await Promise.all(names.map((name) => connector.subscribe(name, new Recorder())));
		expect(own.streams).toBeGreaterThanOrEqual(3);
		await connector.close();
	});

	test("a thousand channels that are left at once are not counted a thousand times", async () => {
		const own = await ownRoot();
		const connector = relay(own.url, patient);
		const names = Array.from({ length: 1_000 }, (_, n) => `channel ${n}`);
		const subscriptions = await Promise.all(
			names.map((name) => connector.subscribe(name, new Recorder())),
		);
		const lookUps = vi.spyOn(Map.prototype, "get");
		await Promise.all(subscriptions.map(({ unsubscribe }) => unsubscribe()));
		const count = lookUps.mock.calls.length;
		lookUps.mockRestore();
		expect(count).toBeLessThan(50 * names.length);
		await connector.close();
	});

	test("channels come and go while messages flow: each subscription gets its messages once and in order", async () => {
		const broker = memory();
		const own = await ownRoot(() => broker);
		const connector = relay(own.url, patient);
		const names = Array.from({ length: 40 }, (_, index) => `channel ${index}`);
		let isFlowing = true;
		let said = 0;
		const flow = async () => {
			while (isFlowing) {
				for (const name of names) await broker.publish(name, String(said));
				said++;
				await new Promise((resolve) => setImmediate(resolve));
			}
		};
		const flowing = flow();
		const heard = await Promise.all(
			names.map(async (name, index) => {
				const all: { messages: readonly string[]; events: readonly string[] }[] = [];
				// One of each five stays, and the others are joined again.
				for (let round = 0; round < (index % 5 === 0 ? 1 : 6); round++) {
					const recorder = new Recorder();
					const { unsubscribe } = await connector.subscribe(name, recorder);
					const from = said;
					await until(() => said > from + 200, { what: "messages" });
					if (index % 5 !== 0) await unsubscribe();
					all.push(recorder);
				}
				return all;
			}),
		);
		await until(() => own.proxy.connections <= 3, { what: "few streams" });
		isFlowing = false;
		await flowing;
		await connector.close();
		for (const { messages, events } of heard.flat()) {
			const first = Number(messages[0]);
			expect(messages.length).toBeGreaterThan(100);
			expect(messages).toEqual(messages.map((_, index) => String(first + index)));
			expect(events.filter((event) => !event.startsWith("end"))).toEqual([]);
		}
	});

	test("1,000 channels that come one after another end up on few streams", async () => {
		const own = await ownRoot();
		const connector = relay(own.url, patient);
		for (let index = 0; index < 1_000; index += 50) {
			await Promise.all(
				Array.from({ length: 50 }, (_, at) =>
					connector.subscribe(`channel ${index + at}`, new Recorder()),
				),
			);
		}
		await until(() => own.proxy.connections <= 2, { what: "two streams at most" });
		expect(own.streams).toBeLessThan(60);
		await connector.close();
		await until(() => own.proxy.connections === 0, { what: "no stream" });
	});
});

describe("a relay that the upstream refuses", () => {
	const refusedBy = async (connector: ReturnType<typeof relay>) => {
		const error = await connector.subscribe("news", new Recorder()).catch((reason) => reason);
		// So /readyz fails.
		await expect(connector.check?.()).rejects.toEqual(error);
		await connector.close();
		return { code: error.code, message: error.message };
	};

	test("another token, another address", async () => {
		const own = await ownRoot();
		expect(await refusedBy(relay(own.url, { token: "another", timeout: 30_000 }))).toEqual({
			code: "refused",
			message: "The hub answered 401: Relays need a token: send `Authorization: Bearer …`.",
		});
	});

	test("the upstream and the relay disagree about history", async () => {
		const own = await ownRoot();
		expect(await refusedBy(relay(own.url, { ...patient, history: true }))).toMatchObject({
			code: "refused",
			message: expect.stringContaining("The hub keeps no messages"),
		});
		const kept = await ownRoot(() => memory({ history: {} }));
		expect(await refusedBy(relay(kept.url, patient))).toMatchObject({
			code: "refused",
			message: expect.stringContaining("history: true"),
		});
	});

	test("a hub that relays itself, and three that relay each other", async () => {
		const urls: string[] = [];
		const above = [0, 2, 3, 1];
		for (const index of above.keys()) {
			const own = await ownRoot(() => {
				const url = urls[above[index] ?? 0];
				return urls.length < above.length || url === undefined ? memory() : relay(url, patient);
			});
			urls.push(own.url);
		}
		// Each knows the address of its upstream only when all have one.
		for (const own of roots) {
			await own.stop();
			await own.start();
		}
		for (const url of urls) {
			expect(await refusedBy(relay(url, patient))).toMatchObject({
				code: "refused",
				message: expect.stringContaining("circle"),
			});
		}
	});

	test.each([
		["no URL", "hub.example"],
		["another scheme", "redis://hub.example"],
		["a password", "https://user:secret@hub.example"],
	])("%s is refused with an error that holds no secret", (_, url) => {
		expect(() => relay(url, { token: "secret" })).toThrow(/^relay\(\): the URL (?!.*secret)/);
	});
});
