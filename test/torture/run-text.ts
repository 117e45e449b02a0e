/** Counts what a text lacks and what it has twice. @returns a description of the first fault. */
export function count(
	text: string,
	summary: { lost: number; doubled: number },
): string | undefined {
	let expected = 0;
	let first: string | undefined;
	for (const part of text.split(".").slice(0, -1)) {
		const n = Number(part);
		if (n === expected) {
			expected++;
			continue;
		}
		first ??= `${part} came where ${expected} was to come`;
		if (n > expected) summary.lost += n - expected;
		else summary.doubled++;
		expected = n + 1;
	}
	return first;
}
