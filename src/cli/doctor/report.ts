import type { Finding, FindingLevel } from "../../doctor/finding.ts";
import { printable, wrapped } from "../text.ts";

/** What the report's terminal can show. */
export interface ReportStyle {
	hasColors: boolean;
	/** Its width, in columns. */
	columns: number;
}

const marks: Readonly<Record<FindingLevel, readonly [mark: string, color: number]>> = {
	fault: ["✗", 31],
	advice: ["!", 33],
	unknown: ["?", 36],
	fine: ["✓", 32],
};

const checkWidth = 14;
const indent = " ".repeat(checkWidth + 4);

/** Returns the findings in words. The bad ones are last, where a terminal shows them. */
export function report(findings: readonly Finding[], style: ReportStyle): string {
	const order: FindingLevel[] = ["fine", "unknown", "advice", "fault"];
	const sorted = order.flatMap((level) => findings.filter((finding) => finding.level === level));
	return [...sorted.map((finding) => inWords(finding, style)), "", summary(findings)].join("\n");
}

function inWords({ check, level, seen, means, remedy, paste = [] }: Finding, style: ReportStyle) {
	const width = Math.max(style.columns - indent.length, 30);
	const [mark, color] = marks[level];
	const painted = (text: string) => (style.hasColors ? `\u001b[${color}m${text}\u001b[0m` : text);
	const [first = "", ...rest] = wrapped(printable(seen), width);
	const more = [
		...rest,
		...(means === undefined ? [] : wrapped(printable(means), width)),
		...(remedy === undefined ? [] : wrapped(`→ ${printable(remedy)}`, width)),
		...paste.flatMap(({ for: where, lines }) => [
			`${where}:`,
			// The text's own indent is kept.
			...lines.split("\n").map((line) => `    ${printable(line.replaceAll("\t", "  "))}`),
		]),
	];
	const head = `${painted(mark)} ${level === "fault" ? painted(check.padEnd(checkWidth)) : check.padEnd(checkWidth)}  ${first}`;
	return [head, ...more.map((line) => `${indent}${line}`)].join("\n");
}

function summary(findings: readonly Finding[]): string {
	const count = (level: FindingLevel) => findings.filter((each) => each.level === level).length;
	const faults = count("fault");
	const found = faults === 0 ? "No fault" : `${faults} fault${faults === 1 ? "" : "s"}`;
	const others = [
		[count("advice"), "could be better (!)"],
		[count("unknown"), "cannot be told from here (?)"],
	] as const;
	const more = others.filter(([n]) => n > 0).map(([n, words]) => `${n} ${words}`);
	return `${[found, ...more].join(", ")}.`;
}
