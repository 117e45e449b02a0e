/** Writes figures into the cells of tables. */

/** @param sides `l` or `r` for each column. */
export function table(
	head: readonly string[],
	rows: readonly (readonly string[])[],
	sides: string,
): string {
	const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
	const rule = [...sides].map((side) => (side === "r" ? "---:" : "---")).join("|");
	return [line(head), `|${rule}|`, ...rows.map(line)].join("\n");
}

export const count = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 2 });

/** Two or three significant digits. A model knows no more. */
export const short = (value: number) => count(Number(value.toPrecision(value < 100 ? 2 : 3)));

export const seconds = (ms: number) => `${short(ms / 1_000)} s`;

export const percent = (share: number) =>
	share < 0.005 ? "under 1 %" : `${Math.round(100 * share)} %`;

export function dollars(value: number): string {
	if (value === 0) return "0";
	return value < 0.5 ? "under 1" : Math.round(Number(value.toPrecision(3))).toLocaleString("en");
}
