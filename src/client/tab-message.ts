import type { ClientState } from "./types.ts";

/**
 * What tabs send to each other. The browser delivers one tab's messages in order; nothing here
 * needs more.
 */
export type TabMessage =
	/** From the leader: an event. */
	| { kind: "event"; term: number; type: string; data: string; id: string }
	/**
	 * From the leader: its stream's position (stale: or a later one), and the types that it gets.
	 */
	| {
			kind: "lead";
			term: number;
			cursor: string | undefined;
			stale: boolean;
			state: ClientState;
			types: string[];
	  }
	/**
	 * From any tab: the types that it wants, and its position. It asks whether there is a leader.
	 */
	| { kind: "join"; cursor?: string | undefined; types: string[] };
