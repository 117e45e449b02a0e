import { describe, expect, it } from "vitest";
import { candidates } from "../../bench/candidates.ts";
import { readOptions } from "../../bench/options.ts";
import { ratios, spread } from "../../bench/report/statistics.ts";
import { targets, verdicts } from "../../bench/report/targets.ts";
import { workloads } from "../../bench/workloads.ts";

describe("the benchmark's plan", () => {
	const names = candidates("floor").map(({ name }) => name);
	const lists = new Map(workloads.map((each) => [each.name, each.candidates]));

	it("names only candidates that exist", () => {
		const named = workloads.flatMap((each) => [
			...each.candidates,
			...(each.quick?.candidates ?? []),
		]);
		expect(named.filter((name) => !names.includes(name))).toEqual([]);
	});

	it("measures every figure that a target needs", () => {
		const terms = targets.flatMap(({ term, against }) => [term, against ?? term]);
		const missing = terms.filter(([candidate, workload]) => {
			return !lists.get(workload)?.includes(candidate);
		});
		expect(missing).toEqual([]);
	});
});

describe("the benchmark's figures", () => {
	it("are medians with their range", () => {
		expect(spread([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3, rounds: 3 });
		expect(spread([4, 1])).toEqual({ median: 2.5, least: 1, most: 4, rounds: 2 });
		expect(spread([])).toBeUndefined();
	});

	it("are compared within one round", () => {
		const above = [10, 30, 99].map((value, round) => [round, value] as const);
		const below = [5, 10].map((value, round) => [round, value] as const);
		expect(ratios(new Map(above), new Map(below))).toEqual([2, 3]);
	});

	it("meet or miss a target by the median ratio", () => {
		const sample = (candidate: string, round: number, cpu: number) => {
			const [workload, clients, feed] = ["fanout", 1_000, "http" as const];
			return { candidate, round, workload, clients, feed, figures: { cpu } };
		};
		const found = verdicts([
			...[10, 40, 12].map((cpu, round) => sample("node-hub", round, cpu)),
			...[10, 20, 10].map((cpu, round) => sample("node-raw", round, cpu)),
			...[5, 5, 5].map((cpu, round) => sample("nchan", round, cpu)),
		]);
		expect(found.map(({ against, found, met }) => [against?.[0], found.median, met])).toEqual([
			["node-raw", 1.2, false],
			["nchan", 2.4, false],
		]);
	});

	it("are compared by the difference where the target is a difference", () => {
		const sample = (candidate: string, round: number, p50: number) => {
			const [workload, clients, feed] = ["relays", 300, "http" as const];
			return { candidate, round, workload, clients, feed, figures: { p50 } };
		};
		const found = verdicts([
			...[4, 9, 5].map((p50, round) => sample("node-hub", round, p50)),
			...[6, 20, 8].map((p50, round) => sample("node-hub-relay", round, p50)),
			...[9, 10, 11].map((p50, round) => sample("node-hub-relays", round, p50)),
		]);
		expect(found.map(({ term, found, met }) => [term[0], found.median, met])).toEqual([
			["node-hub-relay", 3, true],
			["node-hub-relays", 5, false],
		]);
	});
});

describe("the benchmark's options", () => {
	it("accept comma-separated lists", () => {
		const { only, workloads: chosen, rounds } = readOptions(["--only", "a,b", "--workload", "c"]);
		expect([only, chosen, rounds]).toEqual([["a", "b"], ["c"], 5]);
	});

	it("show the usage when one is wrong", () => {
		expect(() => readOptions(["--rounds", "0"])).toThrow(/--rounds: .*npm run bench/s);
		expect(() => readOptions(["--quik"])).toThrow(/npm run bench/);
	});
});
