import type { EventClientOptions, StreamUrl } from "./types.ts";

/** What streams are opened with. */
export interface SourceOptions extends EventClientOptions {
	readonly url: StreamUrl;
	/** Whether it asks for what an EventSource cannot do. */
	readonly custom: boolean;
}

/** Names the tabs that share a stream. Nothing but a text is a name. */
export type ShareKey = string | false | undefined;

/** An event, as an EventSource hands it out. */
export interface SourceEvent {
	readonly data: string;
	readonly lastEventId: string;
}

/** The end of a stream. An EventSource does not say more. */
export interface Failure {
	/** Undefined: the server has ended the stream, or nobody knows. */
	readonly error?: unknown;
	/** Whether it is of no use to ask again. */
	readonly final?: boolean;
}

/** One stream: an EventSource, or an object with the same interface. */
export interface Source {
	readonly readyState: number;
	/** Whether it asks for messages again and again, and is no stream. */
	readonly polls?: boolean;
	addEventListener(type: string, listener: (event: SourceEvent | Failure) => void): void;
	close(): void;
}
