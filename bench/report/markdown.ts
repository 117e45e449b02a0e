/** Writes the results as Markdown: a table for each workload, then the targets. */
import type { Candidate } from "../candidates.ts";
import type { Sample } from "../measure.ts";
import { described, type Workload } from "../workload.ts";
import type { Results } from "./results.ts";
import { byRound, ranged, short, spread } from "./statistics.ts";
import { type Verdict, verdicts } from "./targets.ts";

/** The columns. One is left out where no candidate has its figure. */
const columns: readonly [figure: string, title: string][] = [
	["cpu", "CPU µs each"],
	["user", "user"],
	["system", "system"],
	["rootCpu", "root's CPU µs a message"],
	["perSecond", "per second"],
	["bytes", "bytes each"],
	["p50", "p50 ms"],
	["p99", "p99 ms"],
	["calmP99", "p99 before, ms"],
	["eventsPerRead", "events per read"],
	["probeMax", "another request, worst ms"],
	["kilobytes", "kB per client"],
	["idlePercent", "CPU %"],
	["returnedSeconds", "all back after, s"],
	["historyReads", "history reads"],
	["serverPercent", "server %"],
	["loadPercent", "load generator %"],
];

const faults = ["lost", "disorder", "corrupt", "gaps", "closed"];

export function markdown(results: Results, everyone: readonly Candidate[]): string {
	const { machine, samples } = results;
	const { versions, ...place } = machine;
	const parts = [
		`# edge-sse benchmark, ${results.date}${results.quick ? " (quick)" : ""}`,
		Object.entries(place)
			.map(([name, value]) => `${name}: ${value}`)
			.join(" · "),
		Object.entries(versions)
			.map(([name, value]) => `${name} ${value}`)
			.join(" · "),
		`Medians of ${results.rounds} round(s), the first figure with its range. The method: docs/performance.md.`,
		...results.workloads
			.filter(({ name }) => samples.some((each) => each.workload === name))
			.map((each) => {
				const head = `## ${each.name}\n\n${each.title}: ${described(each)}.`;
				const parts = [head, table(each, samples, everyone), chart(each.name, samples)];
				return parts.filter((part) => part !== "").join("\n\n");
			}),
		targetTable(verdicts(samples)),
		failureList(results),
	];
	return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function table(
	workload: Workload,
	samples: readonly Sample[],
	everyone: readonly Candidate[],
): string {
	const own = samples.filter((each) => each.workload === workload.name);
	const shown = columns.filter(([figure]) => own.some(({ figures }) => figure in figures));
	const rows = everyone
		.filter(({ name }) => own.some(({ candidate }) => candidate === name))
		.map(({ name, title }) => ({
			cells: [
				`${name}: ${title}${note(name, workload, own)}`,
				// Only one column has the range of the rounds, because a range in every cell would be hard to read.
				...shown.map(([figure], index) => {
					const found = spread([...byRound(own, workload.name, name, figure).values()]);
					return index === 0 ? ranged(found) : ranged(found && { ...found, rounds: 1 });
				}),
			],
			by: spread([...byRound(own, workload.name, name, shown[0]?.[0] ?? "").values()])?.median ?? 0,
		}))
		.toSorted((a, b) => a.by - b.by)
		.map(({ cells }) => cells);
	return tableOf(["", ...shown.map(([, title]) => title)], rows);
}

/** The first figure as bars, user time dark and system time light. */
function chart(workload: string, samples: readonly Sample[]): string {
	const medianOf = (name: string, figure: string) =>
		spread([...byRound(samples, workload, name, figure).values()])?.median ?? Number.NaN;
	const names = new Set(
		samples.filter((each) => each.workload === workload).map(({ candidate }) => candidate),
	);
	const bars = [...names]
		.map((name) => ({
			name,
			user: medianOf(name, "user"),
			all: medianOf(name, "user") + medianOf(name, "system"),
		}))
		.filter(({ all }) => Number.isFinite(all))
		.toSorted((a, b) => a.all - b.all);
	if (bars.length < 3) return "";
	const scale = 60 / Math.max(...bars.map(({ all }) => all));
	const lines = bars.map(({ name, user, all }) => {
		const dark = Math.round(user * scale);
		const light = Math.max(0, Math.round(all * scale) - dark);
		return `${name.padEnd(20)} ${"█".repeat(dark)}${"░".repeat(light)} ${short(all)}`;
	});
	return `\`\`\`\n${lines.join("\n")}\n\`\`\``;
}

/** What a reader must know about a row. */
function note(candidate: string, { clients, feed }: Workload, own: readonly Sample[]): string {
	const its = own.filter((each) => each.candidate === candidate);
	const sum = (figure: string) => its.reduce((all, { figures }) => all + (figures[figure] ?? 0), 0);
	const held = sum("heldPercent") / its.length;
	const notes = [
		...(its[0]?.feed === feed ? [] : [`fed by ${its[0]?.feed}`]),
		...(its[0]?.clients === clients ? [] : [`${its[0]?.clients} clients`]),
		...(held > 1 ? [`load held back ${short(held)} % of the time`] : []),
		...faults.filter((fault) => sum(fault) !== 0).map((fault) => `**${fault}: ${sum(fault)}**`),
	];
	return notes.length === 0 ? "" : ` (${notes.join(", ")})`;
}

function targetTable(found: readonly Verdict[]): string {
	if (found.length === 0) return "";
	const rows = found.map(({ term, against, isDifference, limit, found, met }) => [
		term.join(" "),
		against?.join(" ") ?? "",
		ranged(found),
		isDifference ? `≤ ${limit} more` : `≤ ${limit}`,
		met ? "met" : "**missed**",
	]);
	return `## Targets\n\nRatios and differences are taken within a round.\n\n${tableOf(["", "against", "found", "target", ""], rows)}`;
}

function failureList({ failures, skipped }: Results): string {
	const lines = [
		...skipped.map(({ candidate, missing }) => `- ${candidate} was left out: ${missing}`),
		...failures.map(
			({ workload, candidate, round, error }) =>
				`- ${workload}, ${candidate}, round ${round}: ${error.split("\n")[0]}`,
		),
	];
	return lines.length === 0 ? "" : `## Not measured\n\n${lines.join("\n")}`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
	return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join(
		"\n",
	);
}
