import { costs } from "./inputs.ts";
import prices from "./prices.json" with { type: "json" };

const hours = 720;

/** The dollars a month for machines with room for these processes, a core each, and this memory. */
export function dollarsOfMachines(processes: number, gigabytes: number): number {
	const { cores, gb, dollarsPerHour } = prices.machine;
	const machines = Math.max(Math.ceil(processes / cores), Math.ceil(gigabytes / (gb * costs.busy)));
	return machines * dollarsPerHour * hours;
}

/** The dollars a month for egress, by the steps of the price list. */
export function dollarsOfEgress(gigabytes: number): number {
	let dollars = 0;
	let from = 0;
	for (const { uptoGb = Number.POSITIVE_INFINITY, dollarsPerGb } of prices.egress) {
		const part = Math.min(gigabytes, uptoGb) - from;
		if (part <= 0) break;
		dollars += part * dollarsPerGb;
		from = uptoGb;
	}
	return dollars;
}
