import { appendFileSync } from "node:fs";
import { call } from "../support/hub-client.ts";

/** A cell of the table in docs/reliability.md. */
export interface Figure {
	runtime: string;
	row: string;
	text: string;
}

/** Says what was measured; the long form gathers it. */
export function measured(runtime: string, row: string, text: string): void {
	console.log(`${runtime}: ${row}: ${text}`);
	const file = process.env.FAULTS_FIGURES;
	if (file === undefined) return;
	appendFileSync(file, `${JSON.stringify({ runtime, row, text } satisfies Figure)}\n`);
}

/** The value below which so many of a hundred are. */
export function percentile(values: readonly number[], hundredths: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	const index = Math.min(sorted.length - 1, Math.floor((sorted.length * hundredths) / 100));
	return sorted[index] ?? Number.NaN;
}

/** What a hub's metrics say of one of its counts. */
export async function counter(url: string, name: string): Promise<number> {
	const { body } = await call(`${url}/metrics`);
	return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(body)?.[1]);
}
