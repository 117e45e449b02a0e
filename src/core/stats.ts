/** What has happened since the instance was made; every number but the first two only grows. */
export interface Stats {
	/** Open streams. */
	connections: number;
	/** Channels that are subscribed for. */
	channels: number;
	/** Messages that came from the broker, each once however many clients it is for. */
	messages: number;
	/** Messages that were written to clients, each once per client; neither `sse.gap` nor `sse.ping`. */
	frames: number;
	/** Written to clients, comments included. */
	bytes: number;
	/** Clients that were brought up to date from the history: returned, or fallen behind. */
	replays: number;
	/** `sse.gap` events that were due, each client and channel once. */
	gaps: number;
	/** Payloads that were dropped: no message, or a broken one, or too large. */
	droppedMessages: number;
	/** Clients that were cut off because they read too slowly. */
	slowClients: number;
	/** Streams that were turned away: not allowed, too many, or the broker was away. */
	refusedStreams: number;
	/** Subscriptions that were lost and came back. */
	reconnects: number;
}

export type Counters = Omit<Stats, "connections" | "channels">;

export function counters(): Counters {
	return {
		messages: 0,
		frames: 0,
		bytes: 0,
		replays: 0,
		gaps: 0,
		droppedMessages: 0,
		slowClients: 0,
		refusedStreams: 0,
		reconnects: 0,
	};
}
