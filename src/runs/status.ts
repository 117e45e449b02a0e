import type { RunHost } from "../core/run-host.ts";
import type { RunRecord, RunState } from "../core/run-store.ts";

/** The state of a run. */
export interface RunStatus {
	/** Whether it is running, or how it ended. */
	readonly status: RunState;
	/** The reason that was given for its end. */
	readonly reason?: string | undefined;
	/** The reason why somebody wants it to be cancelled. */
	readonly cancel?: string | undefined;
	/** Messages so far. */
	readonly messages: number;
	/** In ms since 1970, by the broker's clock. */
	readonly startedAt: number;
	/** In ms since 1970, by the broker's clock. Absent while it runs. */
	readonly endedAt?: number | undefined;
}

/** A chunk, and its id. */
export interface RunChunk {
	/** Where to go on after it: `runs.read(id, { after })`. */
	readonly id: string;
	/** What the producer said. */
	readonly data: unknown;
}

/** Everything that a run has said so far. */
export interface RunSnapshot extends RunStatus {
	/** The chunks, in order. */
	readonly chunks: readonly unknown[];
	/** All chunks that are text, joined. */
	readonly text: string;
	/** The id of the last chunk, to go on with. Undefined: there is none yet. */
	readonly lastEventId: string | undefined;
}

/** The role that `start` gave to its caller. */
export type Started<Role> =
	/** `done`: how the run ends. It never rejects. */
	| (Role & { readonly role: "producer" })
	/** Another caller began it, or it has already ended. */
	| { readonly role: "reader"; readonly done: Promise<undefined>; readonly lease?: undefined };

/** What runs need: a `ServerSentEvents` whose connector keeps messages. */
export interface RunsBase {
	/** @internal */
	runHost(prefix: string): RunHost;
}

/** What the store's record says to users. */
export function statusOf(record: RunRecord): RunStatus {
	const { state: status, count: messages, started: startedAt, ended, reason, cancel } = record;
	return {
		status,
		messages,
		startedAt,
		...(ended !== undefined && { endedAt: ended }),
		...(reason && { reason }),
		...(cancel !== undefined && { cancel }),
	};
}
