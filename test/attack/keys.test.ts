import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { memory } from "../../src/connectors/memory.ts";
import { redis } from "../../src/connectors/redis.ts";
import { keysOf, slotOf } from "../../src/connectors/shared/redis-slot.ts";
import { upstash } from "../../src/connectors/upstash.ts";
import type { Connector } from "../../src/core/connector.ts";
import { durableObject } from "../../src/durable-object/connector.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";
import { namespace } from "../unit/durable-object/namespace.ts";
import { Chance, median, times } from "./kit/chance.ts";
import { hostileNames, plainNames } from "./kit/names.ts";

let server: RedisServer;
let gateway: UpstashGateway;

beforeAll(async () => {
	server = await startRedis();
	gateway = await startUpstashGateway({ redis: server.url });
});
afterAll(async () => {
	await gateway.stop();
	await server.stop();
});

/** Processor time of this thread, in ms. */
function used(): number {
	const { user, system } = process.threadCpuUsage();
	return (user + system) / 1_000;
}

/** Times below this are ignored; 32 searches for a tag took 5,000. */
const least = 5;

/**
 * Hostile names and plain ones of the same lengths in turn: the median of 5 rounds is at most 10 times as much.
 */
async function expectLittle(
	make: (chance: Chance) => string[],
	work: (names: readonly string[]) => Promise<void> | void,
): Promise<void> {
	const chance = new Chance(20_261_129);
	const costs = { hostile: [] as number[], plain: [] as number[] };
	for (let run = 0; run <= 5; run++) {
		const hostile = make(chance);
		const lengths = hostile.map(({ length }) => length);
		const all = { plain: plainNames(run, lengths), hostile };
		for (const kind of ["plain", "hostile"] as const) {
			const before = used();
			await work(all[kind]);
			if (run > 0) costs[kind].push(used() - before);
		}
	}
	const ratio = median(costs.hostile) / Math.max(least, median(costs.plain));
	expect(ratio, `times as much as plain names: ${JSON.stringify(costs)}`).toBeLessThanOrEqual(10);
}

test.for(Object.entries(hostileNames))(
	"keys: %s stay in one slot, collide with none, and cost little",
	async ([, make]) => {
		await expectLittle(make, (names) => {
			for (let again = 0; again < 30; again++) {
				const astray = names.filter((name) => {
					const slot = slotOf(name);
					return Object.values(keysOf(name)).some((key) => slotOf(key) !== slot);
				});
				expect(astray).toEqual([]);
			}
		});
		const names = times(10, (seed) => make(new Chance(seed))).flat();
		const all = [...new Set(names)].flatMap((name) => Object.values(keysOf(name)));
		expect(new Set(all).size, "no key is two channels'").toBe(all.length);
	},
);

/** Some names of each kind. */
function mixture(chance: Chance): string[] {
	return Object.values(hostileNames).flatMap((make) => chance.shuffled(make(chance)).slice(0, 4));
}

const connectors: [name: string, connect: () => Connector, times: number][] = [
	["redis", () => redis(server.url, { history: {}, timeout: 20_000 }), 1],
	[
		"upstash",
		() => upstash({ url: gateway.url, token: gateway.token, timeout: 20_000, history: {} }),
		1,
	],
	["memory", () => memory({ history: {} }), 10],
	["durableObject", () => durableObject(namespace(), { history: {} }), 10],
];

test.for(connectors)(
	"history of %s: reading costs about the same for names of each kind",
	async ([, connect, repeats]) => {
		const connector = connect();
		onTestFinished(() => connector.close());
		const { history } = connector;
		if (history === undefined) throw new Error("It has no history.");
		await expectLittle(mixture, async (names) => {
			for (let again = 0; again < repeats; again++) {
				await Promise.all(
					names.map(async (channel) => {
						await history.head(channel);
						await connector.publish(channel, '{"data":"1"}');
						await history.read(channel, "0-0", 10);
					}),
				);
			}
		});
	},
);
