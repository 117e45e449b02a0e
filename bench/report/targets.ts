/** The project's targets: ratios of figures of one run. */
import type { Sample } from "../measure.ts";
import { byRound, differences, ratios, type Spread, spread } from "./statistics.ts";

/** A figure of a candidate in a workload: `["node-hub", "fanout", "cpu"]`. */
type Term = readonly [candidate: string, workload: string, figure: string];

interface Target {
	term: Term;
	/** The figure to divide by. Undefined: the limit is for the figure itself. */
	against?: Term;
	/** Held to the limit is not how many times the other figure it is, but how much more. */
	isDifference?: true;
	limit: number;
}

export interface Verdict extends Target {
	found: Spread;
	met: boolean;
}

export const targets: readonly Target[] = [
	...cpu("fanout", { "node-hub": "node-raw" }, 1.1),
	...cpu("fanout", { "node-hub": "nchan" }, 0.95),
	...cpu("fanout", { "node-handler": "node-server-stream" }, 0.85),
	...cpu("fanout", { srvx: "srvx-stream", "node-server": "node-server-stream" }, 1.1),
	...cpu("fanout", { "bun-hub": "bun-direct", "deno-hub": "deno-stream" }, 1.1),
	...cpu("fanout", { "bun-hub": "nchan" }, 0.8),
	...burst({ "node-hub": 0.15, "bun-hub": 0.12, "deno-hub": 0.12, srvx: 0.2, "node-server": 0.2 }),
	...across("fanout-redis", "fanout-one", ["node-hub", "bun-hub", "deno-hub", "srvx"], 1.05),
	...across("history-on", "history-off", ["node-hub", "bun-hub", "deno-hub", "srvx"], 1.05),
	...across("fanout-10k", "fanout", ["node-hub", "bun-hub", "deno-hub", "srvx"], 1.2),
	against(["node-hub", "steady", "p50"], ["node-raw", "steady", "p50"], 1.1),
	against(["node-hub", "steady", "p99"], ["node-raw", "steady", "p99"], 1.1),
	...cpu("channels", { "node-hub": "node-raw", "deno-hub": "deno-stream" }, 1.15),
	...cpu("channels", { "bun-hub": "bun-direct" }, 1.15),
	...cpu("notifications", { "node-hub": "node-raw", "deno-hub": "deno-stream" }, 1.15),
	...cpu("notifications", { "bun-hub": "bun-direct" }, 1.15),
	...cpu("connect", { "node-hub": "node-raw" }, 1.4),
	...["node-hub", "bun-hub", "deno-hub"].flatMap((hub) => [
		...compressed(hub, "gzip-200", { bytes: 0.35, cpu: 1.2 }),
		...compressed(hub, "gzip-2000", { bytes: 0.25, cpu: 1 }),
		...compressed(hub, "gzip-idle", { kilobytes: 1 }),
	]),
	{ term: ["bun-hub", "idle", "kilobytes"], limit: 6 },
	{ term: ["node-hub", "idle", "kilobytes"], limit: 12 },
	{ term: ["srvx", "idle", "kilobytes"], limit: 27 },
	{ term: ["node-server", "idle", "kilobytes"], limit: 27 },
	against(["deno-hub", "idle", "kilobytes"], ["deno-stream", "idle", "kilobytes"], 1.05),
	...["node-hub", "bun-hub", "deno-hub"].flatMap((hub): Target[] => [
		against([`${hub}-2`, "processes", "cpu"], [hub, "processes", "cpu"], 1.1),
		against([`${hub}-2`, "processes-300", "cpu"], [hub, "processes-300", "cpu"], 1.1),
		more([`${hub}-relay`, "relays", "p50"], [hub, "relays", "p50"], 3),
		more([`${hub}-relays`, "relays", "p50"], [hub, "relays", "p50"], 3),
		...["relay", "relays"].map((below) =>
			against(
				[`${hub}-${below}`, "relays-900", "rootCpu"],
				[`${hub}-${below}`, "relays", "rootCpu"],
				1.1,
			),
		),
		{ term: [hub, "idle", "idlePercent"], limit: 1 },
		{ term: [hub, "burst", "probeMax"], limit: 50 },
		{ term: [hub, "burst-10000", "probeMax"], limit: 50 },
		against([hub, "resume", "p99"], [hub, "resume", "calmP99"], 2),
	]),
];

/** The results of all targets whose figures were measured. */
export function verdicts(samples: readonly Sample[]): Verdict[] {
	return targets.flatMap((target) => {
		const above = byRound(samples, ...turned(target.term));
		const values =
			target.against === undefined
				? [...above.values()]
				: (target.isDifference ? differences : ratios)(
						above,
						byRound(samples, ...turned(target.against)),
					);
		const found = spread(values);
		return found === undefined ? [] : [{ ...target, found, met: found.median <= target.limit }];
	});
}

function turned([candidate, workload, figure]: Term): [string, string, string] {
	return [workload, candidate, figure];
}

function cpu(workload: string, pairs: Record<string, string>, limit: number): Target[] {
	return Object.entries(pairs).map(([candidate, other]) =>
		against([candidate, workload, "cpu"], [other, workload, "cpu"], limit),
	);
}

function burst(limits: Record<string, number>): Target[] {
	return Object.entries(limits).map(([candidate, limit]) =>
		against([candidate, "burst", "cpu"], ["c-floor", "burst", "cpu"], limit),
	);
}

function compressed(hub: string, workload: string, limits: Record<string, number>): Target[] {
	return Object.entries(limits).map(([figure, limit]) =>
		against([`${hub}-gzip`, workload, figure], [hub, workload, figure], limit),
	);
}

function across(
	workload: string,
	other: string,
	candidates: readonly string[],
	limit: number,
): Target[] {
	return candidates.map((name) => against([name, workload, "cpu"], [name, other, "cpu"], limit));
}

function more(term: Term, other: Term, limit: number): Target {
	return { term, against: other, isDifference: true, limit };
}

function against(term: Term, other: Term, limit: number): Target {
	return { term, against: other, limit };
}
