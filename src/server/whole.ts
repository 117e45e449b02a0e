import type { ServerSentEvents } from "../core/sse.ts";
import type { Stats } from "../core/stats.ts";

/** What a hub of several processes adds to its metrics. */
export interface ProcessFigures {
	/** Processes that take streams. */
	running: number;
	/** Processes that ended although nobody told them to. */
	ends: number;
	/** What Prometheus reads of each process, the parent included. */
	texts: readonly string[];
}

/** What the hub has in all its processes. */
export interface Whole {
	/** Whether there are other processes. */
	readonly isShared: boolean;
	/** The broker's name. */
	readonly broker: string;
	/** Whether the hub stops, and not only this process of it. */
	readonly isClosing: boolean;
	/** @throws {SseError} when the other processes cannot be asked. */
	stats(): Promise<Stats>;
	/** Streams of a channel. @throws {SseError} as above. */
	streamsOf(channel: string): Promise<number>;
	/** Undefined: there are no others. @throws {SseError} as above. */
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

/** Streams of a channel in this process. */
export function streamsOf(sse: ServerSentEvents, name: string): number {
	return sse.channels().reduce((sum, channels) => sum + (channels.get(name)?.users ?? 0), 0);
}
