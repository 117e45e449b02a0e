/** What has happened since the instance was made. All numbers but the first two only grow. */
export interface Stats {
	/** Open streams, those of runs included. */
	connections: number;
	/** Subscribed channels. */
	channels: number;
	/** Messages from the broker. Each counts once, however many clients get it. */
	messages: number;
	/**
	 * Messages written to clients. Each counts once per client; `sse.gap` and `sse.ping` do not
	 * count.
	 */
	frames: number;
	/** Bytes written to clients, comments included, as they are sent: compressed where they are. */
	bytes: number;
	/** Replays from the history, to clients that returned or fell behind. */
	replays: number;
	/** `sse.gap` events. Each counts once per client and channel. */
	gaps: number;
	/** Dropped payloads: not a message, a broken one, or too large. */
	droppedMessages: number;
	/** Clients that were disconnected because they read too slowly. */
	slowClients: number;
	/** Streams that were turned away: not allowed, too many, or the broker was away. */
	refusedStreams: number;
	/** Subscriptions that were lost and restored. */
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
