import { breakEven, costs, loads } from "./costs.ts";
import measured from "./measured.json" with { type: "json" };
import prices from "./prices.json" with { type: "json" };

/** The document with the computed table between its two marks. */
export function withCosts(document: string): string {
	const marked = /(?<=<!-- costs: [^\n]*-->\n).*?(?=<!-- end of costs -->)/s;
	if (!marked.test(document)) throw new Error("The document has no marks for the costs.");
	return document.replace(marked, () => `\n${table()}\n\n${notes()}\n\n`);
}

function table(): string {
	const rows = loads.map((load) => {
		const { object, worker } = costs(load);
		const cells = [
			count(load.channels),
			count(load.viewers),
			load.title,
			dollars(worker),
			dollars(object),
		];
		return `| ${cells.join(" | ")} |`;
	});
	const head =
		'| channels | viewers of each | messages of each channel | `hold: "worker"` | `hold: "object"` |';
	return [head, "|---|---|---|---|---|", ...rows].join("\n");
}

function notes(): string {
	return [
		`Prices of ${prices.date}, as data with their sources in \`scripts/costs/prices.json\`. ${prices.note}`,
		`Measured on ${measured.date}, in \`scripts/costs/measured.json\`: ${measured.note}`,
		`Both forms cost the same at about ${count(breakEven(3_600))} viewers of a channel with a message an hour, and at ${count(breakEven(1))} with one a second.`,
	].join("\n");
}

const count = (value: number) => Number(value.toPrecision(2)).toLocaleString("en");

function dollars(value: number): string {
	return value < 0.5 ? "under 1 dollar" : `${Math.round(value).toLocaleString("en")} dollars`;
}
