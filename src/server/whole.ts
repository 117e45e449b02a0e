import type { ServerSentEvents } from "../core/sse.ts";
import type { Stats } from "../core/stats.ts";

/** What the metrics of a hub of several processes have besides the sums. */
export interface ProcessFigures {
	/** Processes that take streams. */
	running: number;
	/** Processes that ended although nobody told them to. */
	ends: number;
	/** The text of each process for Prometheus. The parent's is one of them. */
	texts: readonly string[];
}

/** Counts over all processes of the hub. */
export interface Whole {
	/** Whether the hub has several processes. */
	readonly isShared: boolean;
	/** The broker's name. */
	readonly broker: string;
	/** Whether the whole hub stops, and not only this process. */
	readonly isClosing: boolean;
	/** @throws {SseError} when the other processes cannot be asked. */
	stats(): Promise<Stats>;
	/** Counts the streams of a channel. @throws {SseError} as above. */
	streamsOf(channel: string): Promise<number>;
	/** Undefined: the hub has one process. @throws {SseError} as above. */
	processes(): Promise<ProcessFigures | undefined>;
}

/** A hub of one process. */
export function alone(sse: ServerSentEvents): Whole {
	return {
		isShared: false,
		get broker() {
			return sse.connector.name;
		},
		get isClosing() {
			return sse.closing;
		},
		stats: () => Promise.resolve(sse.stats()),
		streamsOf: (channel) => Promise.resolve(streamsOf(sse, channel)),
		processes: () => Promise.resolve(undefined),
	};
}

/** Counts the streams of a channel in this process. */
export function streamsOf(sse: ServerSentEvents, name: string): number {
	return sse.channels().reduce((sum, channels) => sum + (channels.get(name)?.users ?? 0), 0);
}
