/** Callers share the answer that is under way. So however often a stranger asks, there is one question at a time. */
export function sharedAnswer<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
	let asking: Promise<Answer> | undefined;
	return () => {
		asking ??= ask().finally(() => {
			asking = undefined;
		});
		return asking;
	};
}
