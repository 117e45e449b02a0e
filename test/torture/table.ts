import type { Summary } from "./run.ts";

/** Whether nothing was lost, doubled or out of order, and nothing else was wrong. */
export function passed(summary: Summary): boolean {
	const { lost, doubled, disordered, falseGaps, problems, runs } = summary;
	const ofRuns = runs === undefined ? 0 : runs.lost + runs.doubled + runs.problems.length;
	return lost + doubled + disordered + falseGaps + problems.length + ofRuns === 0;
}

/** A Markdown table, one line per run. */
export function table(summaries: readonly Summary[]): string {
	const head = [
		...["setup", "s", "published", "unknown", "deliveries", "cuts", "mid-frame", "resumes"],
		...["gaps", "trimmed", "faults", "lost", "doubled", "disordered", "false gaps"],
		...["runs", "readers", "lost", "doubled"],
	];
	const rows = summaries.map((each) => {
		const { counts } = each;
		const faults = [...each.faults.values()].reduce((sum, count) => sum + count, 0);
		return [
			...[each.setup, each.seconds.toFixed(0), each.published, each.unknown],
			...[counts.deliveries, counts.cuts, counts.midFrame, counts.resumes],
			...[counts.gaps, each.trimmed, faults],
			...[each.lost, each.doubled, each.disordered, each.falseGaps],
			...(each.runs === undefined
				? ["–", "–", "–", "–"]
				: [each.runs.runs, each.runs.reads, each.runs.lost, each.runs.doubled]),
		];
	});
	const lines = [head, head.map((_, index) => (index === 0 ? "---" : "--:")), ...rows];
	return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The report of one run: how to repeat it, its faults, and what was wrong. */
export function report(summary: Summary): string {
	const struck = [...summary.faults].map(([name, count]) => `${name} ${count}`).join(", ");
	const problems = [...summary.problems, ...(summary.runs?.problems ?? [])];
	const ends = [...(summary.runs?.ends ?? [])].map(([end, count]) => `${count} ${end}`).join(", ");
	return [
		`${summary.setup}: seed ${summary.seed}; ${struck}${ends && `; runs: ${ends}`}`,
		...problems.slice(0, 10).map((text) => `  ✗ ${text}`),
		...(problems.length > 10 ? [`  … and ${problems.length - 10} more`] : []),
	].join("\n");
}
