/** The longest `Accept` that is looked at, in characters. */
const longest = 1_000;

/**
 * Whether a request prefers JSON to an event stream. Where it likes both alike (a wildcard, or no header at all), it
 * gets a stream.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.accept
 */
export function prefersJson(request: Request): boolean {
	const accept = request.headers.get("accept") ?? "";
	if (!accept.includes("application") || accept.length > longest) return false;
	const ranges = accept.toLowerCase().split(",").map(parsed);
	return quality(ranges, "application/json") > quality(ranges, "text/event-stream");
}

interface Range {
	readonly type: string;
	readonly q: number;
}

function parsed(range: string): Range {
	const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
	const weight = parameters.find((parameter) => parameter.startsWith("q="));
	return { type, q: weight === undefined ? 1 : Number(weight.slice(2)) || 0 };
}

/** The most specific range counts. */
function quality(ranges: readonly Range[], type: string): number {
	const [group] = type.split("/");
	for (const wanted of [type, `${group}/*`, "*/*"]) {
		const found = ranges.find((range) => range.type === wanted);
		if (found !== undefined) return found.q;
	}
	return 0;
}
