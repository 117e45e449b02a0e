import type { ClientState } from "./types.ts";

/**
 * What tabs send to each other. The browser delivers one tab's messages in order; nothing here
 * needs more. Lists are shorter than objects in what a page loads.
 */
export type TabMessage =
	/** From the leader: an event. */
	| [kind: "event", type: string, term: number, data: string, id: string]
	/**
	 * From the leader: the types that it gets, and its stream's position (stale: or a later one).
	 */
	| [
			kind: "lead",
			types: string[],
			term: number,
			cursor: string | undefined,
			stale: boolean,
			state: ClientState,
	  ]
	/**
	 * From any tab: the types that it wants, and its position. It asks whether there is a leader.
	 */
	| [kind: "join", types: readonly string[], cursor?: string | undefined];
