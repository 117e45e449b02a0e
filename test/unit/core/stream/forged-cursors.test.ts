import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { until } from "../../../support/wait.ts";
import { open, type Scene, scene, told } from "./kit.ts";

const forgeries: [kind: string, forge: (n: number) => string][] = [
	["of the past", (n) => `${1_000_000_000_000 + n}-${n}`],
	["of the future", (n) => `${900_000_000_000_000 + n}-${n}`],
	["of just now", (n) => `${Date.now() - n}-99`],
	["of a channel that was empty long ago", (n) => `~${1_000 + n}-0`],
	["of no valid form", (n) => `x${n}`],
];

const reads = ({ calls }: Scene) => calls.filter((call) => call.startsWith("read ")).length;

test.for(
	forgeries.flatMap(([kind, forge]) => [[kind, forge, 0] as const, [kind, forge, 1] as const]),
)("clients with forged cursors %s share reads and reports (%#)", async ([, forge, published]) => {
	const it = scene({ history: {} });
	for (let n = 0; n < published; n++) await it.sse.publish("old", { channel: "a" });
	const honest = await open(it);
	const begin = performance.now();
	// One after the other, as requests come over a network.
	for (let n = 0; n < 300; n++) {
		await open(it, "channel=a", { headers: { "last-event-id": forge(n) } });
	}
	await until(() => it.sse.stats().gaps === 300, { what: "a gap for each of them" });
	const seconds = (performance.now() - begin) / 1_000;
	// At most ten reads a second for cursors of the future, two for each new crowd, and one report a second.
	expect(reads(it)).toBeLessThan(30 + 10 * seconds);
	expect(told(it).length).toBeLessThan(5 + seconds);
	await it.sse.publish("new", { channel: "a" });
	expect(await honest.data(1)).toEqual(["new"]);
});

describe("reports of gaps", () => {
	beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
	afterEach(() => void vi.useRealTimers());

	const forged = async (it: Scene, channel: string, times: number) => {
		const before = it.sse.stats().gaps;
		await it.sse.publish("x", { channel });
		for (let n = 0; n < times; n++) {
			await open(it, `channel=${channel}`, { headers: { "last-event-id": `${n + 1}-0` } });
		}
		await until(() => it.sse.stats().gaps === before + times, { what: "the gaps" });
	};

	test("come once a second and channel, with a count of those left out", async () => {
		const it = scene({ history: {} });
		await forged(it, "a", 50);
		await forged(it, "b", 3);
		expect(it.reports.map(({ channel }) => channel)).toEqual(["a", "b"]);
		vi.advanceTimersByTime(1_000);
		await forged(it, "a", 2);
		expect(told(it).at(-1)).toMatch(/ Left out since the last report: \d\d\.$/);
		expect(it.reports).toHaveLength(3);
	});

	test("are limited to ten a second over all channels", async () => {
		const it = scene({ history: {} });
		for (let n = 0; n < 60; n++) await forged(it, `${n}`, 1);
		expect(it.reports).toHaveLength(10);
	});
});
