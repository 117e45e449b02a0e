import type { Entry, Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";

/** What a client was sent of one channel, in order. */
export type Seen = { at: number; visit: Visit } & (
	| { entry: Entry }
	/** `sse.gap`, and the position that it names. */
	| { gap: string | undefined }
);

/** One connection. */
export interface Visit {
	hub: string;
	began: number;
	cursor: string | undefined;
}

/** Slow: does not read while most is sent. Steady: never cuts its connection. */
export type ClientKind = "usual" | "slow" | "steady";

/** What all clients share. */
export interface Crowd {
	readonly ledger: Ledger;
	/** The address of a hub that runs; undefined while there is none. */
	hub(random: Random): string | undefined;
	/** No more cuts: every client may now read to the end. */
	calm: boolean;
	/** Large messages are on their way, and slow clients do not read. */
	burst: boolean;
	/** Mean time between two cuts of a client, in ms. */
	readonly patience: number;
	/** The longest that some stay away, in ms. */
	readonly absence: number;
	readonly counts: {
		deliveries: number;
		connections: number;
		resumes: number;
		cuts: number;
		midFrame: number;
		gaps: number;
	};
}
