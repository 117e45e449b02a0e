/** The role of a tab among those that share a stream. */
export type Role =
	/** It is away, or looks for a leader to follow. */
	| [is: "apart"]
	/** It takes the leader's events. */
	| [is: "following"]
	/**
	 * It has its own stream until it reaches the leader's position. Undefined: it knows no
	 * leader.
	 */
	| [is: "behind", leader: string | undefined]
	/** It has the stream of all tabs. */
	| [is: "leading"];
