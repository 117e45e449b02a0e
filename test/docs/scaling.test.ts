import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { comeback, told } from "../../bench/model/comeback.ts";
import { costs, inputs } from "../../bench/model/inputs.ts";
import { withModel } from "../../bench/model/markdown.ts";
import { outage } from "../../bench/model/outage.ts";
import { hubsWith, plan } from "../../bench/model/plan.ts";
import prices from "../../bench/model/prices.json" with { type: "json" };
import { root } from "../package/support.ts";

const each = { perChannel: 1, every: 60 };
const rooms = { perChannel: 100, every: 10 };
const one = (viewers: number) => ({ viewers, perChannel: viewers, every: 1 });

test("docs/scaling.md has the figures of the model", { timeout: 120_000 }, () => {
	const document = readFileSync(join(root, "docs/scaling.md"), "utf8");
	expect(withModel(document)).toBe(document);
});

test("the first sentences of docs/scaling.md agree with the model", () => {
	const million = 1_000_000;
	for (const viewers of [million, 10 * million]) {
		for (const load of [one(viewers), { viewers, ...each }, { viewers, ...rooms }]) {
			const { machines, egress } = plan("Redis Cluster", load);
			expect(egress).toBeGreaterThan(machines);
			expect(plan("Redis Cluster", load).first.used).toBeLessThan(1);
		}
	}
	const usedBy = (way: Parameters<typeof plan>[0], load: Parameters<typeof plan>[1]) =>
		plan(way, load).first.used;
	expect(usedBy("Redis", one(million))).toBeLessThan(1);
	expect(usedBy("Redis", { viewers: million, ...each })).toBeLessThan(1);
	expect(usedBy("Redis", { viewers: million, ...rooms })).toBeLessThan(1);
	expect(usedBy("Redis", { viewers: 10 * million, ...each })).toBeGreaterThan(1);
	const dollars = (way: Parameters<typeof plan>[0], load: Parameters<typeof plan>[1]) => {
		const { machines, egress } = plan(way, load);
		return machines + egress;
	};
	expect(dollars("Durable Objects", one(million))).toBeLessThan(dollars("Redis", one(million)));
	expect(dollars("Durable Objects", { viewers: million, ...each })).toBeGreaterThan(
		dollars("Redis", { viewers: million, ...each }),
	);
	expect(usedBy("relays", one(10 * million))).toBeLessThan(1);
	expect(usedBy("relays", { viewers: million, ...rooms })).toBeGreaterThan(1);
});

test("each input is a number with its origin, and prices have a date and sources", () => {
	for (const { value, from, how } of inputs.values()) {
		expect(value).toBeGreaterThanOrEqual(0);
		expect(from).not.toBe("");
		expect(["measured", "list", "guess"]).toContain(how);
	}
	expect(prices.date).toMatch(/^\d{4}-\d\d-\d\d$/);
	expect(prices.sources.length).toBeGreaterThan(0);
});

test("a drain without overload takes as long as the clients' own reconnection times", () => {
	const load = { clients: 1_000, drain: 5_000, wait: told, underWay: 0 };
	const { p50, last, longestQueue } = comeback(load, { ...costs, coldConnectUs: 1, connectUs: 1 });
	// Half of the clients are ended after 2.5 s, and then wait 4 s.
	expect(p50).toBeGreaterThan(6_000);
	expect(p50).toBeLessThan(7_000);
	expect(last).toBeLessThan(11_100);
	expect(longestQueue).toBeLessThan(10);
	expect(comeback(load, costs)).toEqual(comeback(load, costs));
	expect(comeback({ ...load, seed: 2 }, costs)).not.toEqual(comeback(load, costs));
});

test("an overloaded hub takes as long as its core needs for all clients", () => {
	const slow = { ...costs, coldConnectUs: 2_000, connectUs: 2_000, acceptUs: 0 };
	const load = { clients: 10_000, drain: 0, wait: [3_000, 3_000] as const, underWay: 0 };
	const { last, longestQueue } = comeback(load, slow);
	expect(last).toBeGreaterThanOrEqual(3_000 + 10_000 * 2);
	expect(longestQueue).toBe(10_000);
});

test("channels recover in the time that a hub's core needs, and many hubs wait for one Redis", () => {
	const load = { hubs: 1, channels: 1_000, away: 2_000, roundTrip: 0 };
	const { first, last } = outage(load, costs);
	const least = (costs.resubscribeUs + costs.restoreUs / 2) / 1_000;
	expect(last - first).toBeGreaterThan(1_000 * least * 0.99);
	const slow = { ...costs, redisReadUs: 1_000 };
	expect(outage({ ...load, hubs: 10 }, slow).last).toBeGreaterThan(10_000);
	expect(outage({ ...load, hubs: 10, nodes: 10 }, slow).last).toBeLessThan(5_000);
});

test("a channel with one viewer is on one hub, and one with very many viewers on all", () => {
	expect(hubsWith(1, 20)).toBeCloseTo(1);
	expect(hubsWith(1e6, 20)).toBeCloseTo(20);
	expect(hubsWith(100, 1)).toBe(1);
});
