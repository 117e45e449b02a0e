/** Joins the texts of several processes. The samples of a metric stand together, below one heading. */
export function mergedMetrics(texts: readonly string[]): string {
	const samples = new Map<string, string[]>();
	for (const block of texts.flatMap((text) => text.trim().split("\n\n"))) {
		const lines = block.split("\n");
		const heading = lines.filter((line) => line.startsWith("#")).join("\n");
		const known = samples.get(heading) ?? [];
		samples.set(heading, known);
		known.push(...lines.filter((line) => line !== "" && !line.startsWith("#")));
	}
	samples.delete("");
	return [...samples].map(([heading, lines]) => [heading, ...lines, ""].join("\n")).join("\n");
}
