import type { ClientState } from "./types.ts";

/**
 * What tabs say to each other. A browser hands everyone the messages of one tab in their order; nothing
 * here needs more than that.
 */
export type TabMessage =
	/** The leader's: an event. */
	| { kind: "event"; term: number; type: string; data: string; id: string }
	/** The leader's: where its stream is by now (stale: or further), and the types it is sent. */
	| {
			kind: "lead";
			term: number;
			cursor: string | undefined;
			stale: boolean;
			state: ClientState;
			types: string[];
	  }
	/** Anybody's: what it wants to hear, and where it is. Is there a leader? */
	| { kind: "join"; cursor?: string | undefined; types: string[] };
