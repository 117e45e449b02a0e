/**
 * What the connector needs from a Redis client library: single connections that do not
 * reconnect. When to dial, how long to wait and what to resubscribe is decided once for every
 * library (`dialer.ts`, `publisher.ts`, `subscriber.ts`), so that all behave alike.
 */
export interface RedisDriver {
	/** Host and port for error messages, without credentials. */
	readonly address: string;
	/**
	 * Makes a connection that is not dialled yet. It may load the client library, or ask where
	 * the server is.
	 */
	open(events: LinkEvents, timeout: number): Promise<RedisLink>;
	/** Rejects when the connection leads to the wrong server. */
	check?(link: RedisLink): Promise<void>;
}

/** None of these is called after `destroy()` or `onLost`. */
export interface LinkEvents {
	onMessage(channel: string, payload: string): void;
	/** The connection was up and is lost. Not called when `connect()` failed. */
	onLost(error: unknown): void;
	/** The server has ended this subscription: another node now has the channel's slot. */
	onMoved(channel: string): void;
}

/**
 * One connection, from its dialling to its end. All promises reject with the library's own
 * error.
 */
export interface RedisLink {
	/** The server's name for this connection, where sharded subscriptions can be counted. */
	readonly id?: string | undefined;
	/** Resolves once Redis takes commands, rejects at the first failure. Called once. */
	connect(): Promise<void>;
	/** Resolves to Redis' reply. */
	command(args: readonly string[]): Promise<unknown>;
	/** Resolves once Redis has confirmed it. */
	subscribe(channel: string): Promise<void>;
	/** Resolves once Redis has confirmed it. */
	unsubscribe(channel: string): Promise<void>;
	/** Resolves at the answer. */
	ping(): Promise<void>;
	/** Whether this connection alone keeps the process alive. It does by default. */
	keepProcessAlive(keep: boolean): void;
	/** Closes the connection at once. Idempotent; never throws. */
	destroy(): void;
}
