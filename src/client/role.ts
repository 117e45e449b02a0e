/** The role of a tab among those that share a stream. */
export type Role =
	/** It is away, or looks for a leader to follow. */
	| "apart"
	/** It takes the leader's events. */
	| "follow"
	/** It has its own stream until it reaches the leader's position. */
	| "behind"
	/** It has the stream of all tabs. */
	| "lead";
