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
	return quality(accept, "application/json") > quality(accept, "text/event-stream");
}

/**
 * Whether a request takes a coding, and likes it as much as none. A request without the header asks for none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.accept-encoding
 */
export function acceptsCoding(request: Request, coding: string): boolean {
	const accept = request.headers.get("accept-encoding") ?? "";
	if (accept.length > longest) return false;
	const weight = weightOf(accept, [coding, `x-${coding}`, "*"]) ?? 0;
	return weight > 0 && weight >= (weightOf(accept, ["identity"]) ?? 0);
}

/** The most specific range counts. */
function quality(accept: string, type: string): number {
	const [group] = type.split("/");
	return weightOf(accept, [type, `${group}/*`, "*/*"]) ?? 0;
}

/**
 * The weight of the first of these names that a header lists. Undefined: it lists none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#quality.values
 */
function weightOf(header: string, names: readonly string[]): number | undefined {
	const listed = header.toLowerCase().split(",").map(weighted);
	for (const wanted of names) {
		const found = listed.find(({ name }) => name === wanted);
		if (found !== undefined) return found.q;
	}
	return undefined;
}

function weighted(entry: string): { name: string; q: number } {
	const [name = "", ...parameters] = entry.split(";").map((part) => part.trim());
	const weight = parameters.find((parameter) => parameter.startsWith("q="));
	return { name, q: weight === undefined ? 1 : Number(weight.slice(2)) || 0 };
}
