/** What a tab is among those that share. */
export type Role =
	/** It is not there, or looks for a leader whom it can follow. */
	| [is: "apart"]
	/** It takes the leader's events. */
	| [is: "following"]
	/** It has a stream of its own until it is where the leader is; undefined: it knows of none to follow. */
	| [is: "behind", leader: string | undefined]
	/** It has the stream of all. */
	| [is: "leading"];
