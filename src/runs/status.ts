import type { RunHost } from "../core/run-host.ts";
import type { RunRecord, RunState } from "../core/run-store.ts";

/** The state of a run. */
export interface RunStatus {
	/** Whether the run is running, or how it ended. */
	readonly status: RunState;
	/** The reason that was given for the end. */
	readonly reason?: string | undefined;
	/** The reason of whoever asked to cancel it. */
	readonly cancel?: string | undefined;
	/** Messages stored so far. */
	readonly messages: number;
	/** In ms since 1970, by the broker's clock. */
	readonly startedAt: number;
	/** In ms since 1970, by the broker's clock. Absent while the run is running. */
	readonly endedAt?: number | undefined;
}

/** A chunk, and its id. */
export interface RunChunk {
	/** The position after this chunk: `runs.read(id, { after })`. */
	readonly id: string;
	/** The chunk's value. */
	readonly data: unknown;
}

/** Everything that a run contains so far. */
export interface RunSnapshot extends RunStatus {
	/** The chunks, in order. */
	readonly chunks: readonly unknown[];
	/** All text chunks, joined. */
	readonly text: string;
	/** The id of the last chunk, to continue after. Undefined: there is no chunk yet. */
	readonly lastEventId: string | undefined;
}

/** The role of the caller of `start`. */
export type Started<Role> =
	/** `done`: how the run ends. It never rejects. */
	| (Role & { readonly role: "producer" })
	/** Another caller began it, or it has already ended. */
	| { readonly role: "reader"; readonly done: Promise<undefined>; readonly lease?: undefined };

/** The `ServerSentEvents` that runs need: its connector keeps messages. */
export interface RunsBase {
	/** @internal */
	runHost(prefix: string): RunHost;
}

/** Converts the store's record for users. */
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
