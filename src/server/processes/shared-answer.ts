/** Who asks while an answer is under way shares it: a stranger who asks often costs one answer at a time. */
export function sharedAnswer<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
	let asking: Promise<Answer> | undefined;
	return () => {
		asking ??= ask().finally(() => {
			asking = undefined;
		});
		return asking;
	};
}
