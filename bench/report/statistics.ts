import type { Sample } from "../measure.ts";

/** The median of several rounds, with the least and the greatest. */
export interface Spread {
	median: number;
	least: number;
	most: number;
	rounds: number;
}

export function spread(values: readonly number[]): Spread | undefined {
	const sorted = values.filter(Number.isFinite).toSorted((a, b) => a - b);
	const [least] = sorted;
	const most = sorted.at(-1);
	if (least === undefined || most === undefined) return undefined;
	const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1);
	const median = middle.reduce((sum, each) => sum + each, 0) / middle.length;
	return { median, least, most, rounds: sorted.length };
}

/** One figure of a candidate in a workload, by round. */
export function byRound(
	samples: readonly Sample[],
	workload: string,
	candidate: string,
	figure: string,
): Map<number, number> {
	return new Map(
		samples
			.filter((each) => each.workload === workload && each.candidate === candidate)
			.flatMap(({ round, figures }) => {
				const value = figures[figure];
				return value === undefined ? [] : [[round, value] as const];
			}),
	);
}

/** The quotient of two figures in each round. Both were measured within minutes. */
export function ratios(above: Map<number, number>, below: Map<number, number>): number[] {
	return [...above].flatMap(([round, value]) => {
		const other = below.get(round);
		return other === undefined || other === 0 ? [] : [value / other];
	});
}

/** The difference of two figures within each round. */
export function differences(above: Map<number, number>, below: Map<number, number>): number[] {
	return [...above].flatMap(([round, value]) => {
		const other = below.get(round);
		return other === undefined ? [] : [value - other];
	});
}

/** A figure with three significant digits. */
export function short(value: number): string {
	if (value >= 1_000) return Math.round(Number(value.toPrecision(3))).toLocaleString("en");
	return String(Number(value.toPrecision(value < 1 ? 2 : 3)));
}

export function ranged(found: Spread | undefined): string {
	if (found === undefined) return "";
	const { median, least, most, rounds } = found;
	return rounds === 1 ? short(median) : `${short(median)} (${short(least)}–${short(most)})`;
}
