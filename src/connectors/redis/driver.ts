/**
 * What the connector needs of a Redis client library: single connections that do not heal. When to
 * dial again, how long to wait and what to subscribe to anew is decided in one place for every
 * library (`dialer.ts`, `publisher.ts`, `subscriber.ts`), so that all of them behave alike.
 */
export interface RedisDriver {
	/** Host and port for error messages, without credentials. */
	readonly address: string;
	/**
	 * Makes a connection that has not been dialled yet; loads the client library, or asks where the server
	 * is, where needed.
	 */
	open(events: LinkEvents, timeout: number): Promise<RedisLink>;
	/** Rejects if what was dialled is not the server that is wanted. */
	check?(link: RedisLink): Promise<void>;
}

/** None of these is called after `destroy()`, and nothing after `onLost`. */
export interface LinkEvents {
	onMessage(channel: string, payload: string): void;
	/** The connection was up and is gone. Not called for a `connect()` that failed. */
	onLost(error: unknown): void;
	/** The server has ended this subscription: the channel's slot is another node's now. */
	onMoved(channel: string): void;
}

/** One connection, from its dialling to its end. All promises reject with the library's own error. */
export interface RedisLink {
	/** What the server calls this connection, where it can be asked about sharded subscriptions. */
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
	/** Whether this connection alone keeps the process alive; until told otherwise it does. */
	keepProcessAlive(keep: boolean): void;
	/** Drops the connection at once. Idempotent; never throws. */
	destroy(): void;
}
