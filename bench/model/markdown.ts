/** The tables of docs/scaling.md. */
import { checks } from "./checks.ts";
import given from "./given.json" with { type: "json" };
import { costs, inputs } from "./inputs.ts";
import measured from "./measured.json" with { type: "json" };
import { drainOf, moments } from "./moments.ts";
import { type Load, type Plan, plan, ways } from "./plan.ts";
import prices from "./prices.json" with { type: "json" };
import runs from "./runs.json" with { type: "json" };
import { count, dollars, percent, seconds, short, table } from "./text.ts";

/** Writes what the model computes between the marks of the document. */
export function withModel(document: string): string {
	const parts = { plans, moments: momentTables, checks: checkTable, inputs: inputTable };
	let text = document;
	for (const [name, make] of Object.entries(parts)) {
		const marked = new RegExp(
			`(?<=<!-- ${name}: [^\\n]*-->\\n).*?(?=<!-- end of ${name} -->)`,
			"s",
		);
		if (!marked.test(text)) throw new Error(`There are no marks for the ${name}.`);
		text = text.replace(marked, () => `\n${make()}\n\n`);
	}
	return text;
}

const sizes = [10_000, 1_000_000, 10_000_000];

const shapes: readonly { title: string; load: (viewers: number) => Load }[] = [
	{
		title: "Everybody on one channel, one message a second",
		load: (viewers) => ({ viewers, perChannel: viewers, every: 1 }),
	},
	{
		title: "A channel each, one message a minute",
		load: (viewers) => ({ viewers, perChannel: 1, every: 60 }),
	},
	{
		title: "Rooms of 100, one message each 10 s",
		load: (viewers) => ({ viewers, perChannel: 100, every: 10 }),
	},
];

function plans(): string {
	const head = [
		"viewers",
		"way",
		"hubs",
		"broker",
		"memory",
		"egress a month",
		"$ machines",
		"$ egress",
		"nearest bound",
	];
	return shapes
		.map(({ title, load }) => {
			const rows = sizes.flatMap((viewers) =>
				ways.map((way) => [count(viewers), way, ...planCells(plan(way, load(viewers)))]),
			);
			return `### ${title}\n\n${table(head, rows, "rlrrrrrrl")}`;
		})
		.join("\n\n");
}

function planCells(found: Plan): string[] {
	const { way, hubs, brokers, gigabytes, egressTerabytes, machines, egress, first } = found;
	const broken = first.used > 1;
	const bound = `${first.what}, ${broken ? `${short(first.used)} times` : percent(first.used)}`;
	const traffic = `${short(egressTerabytes)} TB`;
	if (way === "Durable Objects") {
		const cells = ["", count(brokers), "", traffic, dollars(machines), dollars(egress)];
		return [
			...cells,
			broken
				? `**impossible** as one channel: ${bound}. The figures are of ${count(brokers)} channels`
				: bound,
		];
	}
	if (broken) return [count(hubs), "", "", traffic, "", "", `**impossible**: ${bound}`];
	const size = `${short(gigabytes)} GB`;
	const cells = [count(hubs), count(brokers), size, traffic, dollars(machines), dollars(egress)];
	return [...cells, first.used > costs.busy ? `**tight**: ${bound}` : bound];
}

function momentTables(): string {
	const { deploys, outages } = moments();
	const deploy = deploys.map(({ what, clients, result }) => [
		what,
		count(clients),
		...[result.p50, result.p99, result.last].map(seconds),
		count(result.peakPerSecond),
		count(result.longestQueue),
	]);
	const outage = outages.map(({ what, hubs, channels, nodes, result }) => [
		what,
		count(hubs),
		count(channels),
		count(nodes),
		...[result.p50, result.p99, result.last].map(seconds),
		count(result.longestQueue),
	]);
	const back = ["50th back", "99th", "last"];
	const drains = [10_000, 50_000].map(
		(clients) => `${short(drainOf(clients))} s for ${count(clients)} clients`,
	);
	return [
		"### A hub ends, and its clients come to one other hub\n",
		table(["", "clients", ...back, "most connects a second", "longest queue"], deploy, "lrrrrrr"),
		`\nThe next hub keeps half of its core if \`SSE_DRAIN\` is at least ${drains.join(", and ")}.`,
		"\n### Redis was away for 2 s\n",
		table(
			["", "hubs", "channels of each", "servers", ...back, "longest queue at Redis"],
			outage,
			"lrrrrrrr",
		),
	].join("\n");
}

function checkTable(): string {
	const error = (predicted: number, real: number) =>
		real === 0
			? ""
			: `${predicted < real ? "−" : "+"}${Math.abs(Math.round((100 * (predicted - real)) / real))} %`;
	const rows = checks().map((check) => {
		const { run, figure, measured: real, predicted, corrected, slower } = check;
		return [
			run,
			figure,
			short(real),
			short(predicted),
			error(predicted, real),
			`${short(slower)}`,
			short(corrected),
			error(corrected, real),
		];
	});
	const head = [
		"run",
		"",
		"measured",
		"predicted",
		"error",
		"control",
		"with the control",
		"error",
	];
	return [conditions(runs), "", table(head, rows, "llrrrrrr")].join("\n");
}

/** Says when and on which machine it was measured, and how busy the machine was. */
function conditions(groups: Readonly<Record<string, Conditions>>): string {
	const all = Object.values(groups);
	const loads = all.map(({ load }) => load);
	const commands = all.map(({ command }) => `\`${command}\``);
	const dates = [...new Set(all.map(({ date }) => date))].sort();
	const range = `${Math.min(...loads)} to ${Math.max(...loads)}`;
	return [
		`Measured on ${dates.join(", ")} by ${commands.join(", ")}.`,
		`${all[0]?.machine}. The load average was ${range}, mostly of other work.`,
	].join("\n");
}

interface Conditions {
	readonly date: string;
	readonly command: string;
	readonly machine: string;
	readonly load: number;
}

function inputTable(): string {
	const rows = [...inputs.values()].map(({ what, value, how, from }) => [
		what,
		count(value),
		how === "guess" ? "**guess**" : how,
		from,
	]);
	const { name, cores, gb, dollarsPerHour } = prices.machine;
	return [
		conditions(measured),
		`The others: ${given.date}. Prices of ${prices.date}: ${prices.note} A machine is ${name}, ${cores} cores, ${gb} GB, ${dollarsPerHour} dollars an hour.`,
		`${Math.round(100 * costs.busy)} % of a core and of a machine's memory is planned to be used.`,
		"",
		table(["input", "value", "how", "from"], rows, "lrll"),
	].join("\n");
}
