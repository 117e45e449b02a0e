/**
 * Reuses an answer, so that a stranger who asks often costs no more than one who asks once a second. Callers share an
 * answer that is under way. A failure is reused like any other answer.
 *
 * @param freshness for how long after it came, in ms.
 */
export function reused<Answer>(
	freshness: number,
	ask: () => Promise<Answer>,
): () => Promise<Answer> {
	let answer: Promise<Answer> | undefined;
	let staleAt = Number.POSITIVE_INFINITY;
	const settled = () => {
		staleAt = performance.now() + freshness;
	};
	return () => {
		if (answer === undefined || performance.now() > staleAt) {
			staleAt = Number.POSITIVE_INFINITY;
			answer = ask();
			answer.then(settled, settled);
		}
		return answer;
	};
}
