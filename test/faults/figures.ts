import { appendFileSync } from "node:fs";
import { call } from "../support/hub-client.ts";

/** A cell of the table in docs/reliability.md. */
export interface Figure {
	runtime: string;
	row: string;
	text: string;
}

/** Prints what was measured. The long form gathers it. */
export function measured(runtime: string, row: string, text: string): void {
	console.log(`${runtime}: ${row}: ${text}`);
	const file = process.env.FAULTS_FIGURES;
	if (file === undefined) return;
	appendFileSync(file, `${JSON.stringify({ runtime, row, text } satisfies Figure)}\n`);
}

/** The value below which this percentage of the values lies. */
export function percentile(values: readonly number[], hundredths: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	const index = Math.min(sorted.length - 1, Math.floor((sorted.length * hundredths) / 100));
	return sorted[index] ?? Number.NaN;
}

/** The value of one metric of a hub. */
export async function counter(url: string, name: string): Promise<number> {
	const { body } = await call(`${url}/metrics`);
	return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(body)?.[1]);
}
