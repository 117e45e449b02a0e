/** A check of a stream, by what it is about. */
export type CheckName =
	| "reach"
	| "status"
	| "headers"
	| "cache"
	| "first-byte"
	| "delivery"
	| "compression"
	| "idle"
	| "reconnect"
	| "last-event-id"
	| "resume"
	| "cors"
	| "polling"
	| "http-version"
	| "host"
	| "between";

/**
 * How bad it is. `fault`: events are lost, late, or never come. `advice`: it works, and could be better. `unknown`: it
 * cannot be told from here. `fine`: nothing is wrong.
 */
export type FindingLevel = "fault" | "advice" | "unknown" | "fine";

/** Lines for a configuration. */
export interface Paste {
	/** Whose configuration, such as `nginx`. */
	for: string;
	/** What to write there. */
	lines: string;
}

/** What a check has found. Text of the server stands in it as it came. */
export interface Finding {
	/** What was checked. */
	check: CheckName;
	/** How bad it is. */
	level: FindingLevel;
	/** What was seen. */
	seen: string;
	/** What that means for a page. */
	means?: string;
	/** What to do. */
	remedy?: string;
	/** Lines for the proxy that was recognised, or for each that is known. */
	paste?: readonly Paste[];
}

type Rest = Pick<Finding, "means" | "remedy" | "paste">;

export const fault = (check: CheckName, seen: string, rest: Rest = {}): Finding => ({
	...{ check, level: "fault", seen },
	...rest,
});

export const advice = (check: CheckName, seen: string, rest: Rest = {}): Finding => ({
	...{ check, level: "advice", seen },
	...rest,
});

export const unknown = (check: CheckName, seen: string, rest: Rest = {}): Finding => ({
	...{ check, level: "unknown", seen },
	...rest,
});

export const fine = (check: CheckName, seen: string): Finding => ({ check, level: "fine", seen });

/** Returns a number of ms as people say it. */
export function duration(ms: number): string {
	return ms < 1_000 ? `${Math.round(ms)} ms` : `${Number((ms / 1_000).toFixed(1))} s`;
}

/** Returns a stranger's text, cut to what fits into a sentence. */
export function quoted(text: string): string {
	return `"${text.length > 120 ? `${text.slice(0, 120)}…` : text}"`;
}
