import type { LinkEvents, RedisDriver, RedisLink } from "../driver.ts";

/**
 * The part of an ioredis client (version 5 or later) that is used here. It is described, not
 * imported. https://github.com/redis/ioredis
 */
export interface IoRedisClient {
	readonly status: string;
	duplicate(override?: object): unknown;
	publish(channel: string, payload: string): Promise<unknown>;
}

/** The rest of a client. Only our own duplicates use it. */
interface OwnClient extends IoRedisClient {
	on(event: string, listener: (...args: never[]) => void): unknown;
	connect(): Promise<unknown>;
	call(name: string, ...args: string[]): Promise<unknown>;
	subscribe(channel: string): Promise<unknown>;
	unsubscribe(channel: string): Promise<unknown>;
	ping(): Promise<unknown>;
	disconnect(): void;
	/** The socket, while there is one. */
	stream?: { destroy(): void; ref?(): void; unref?(): void };
}

/**
 * Opens each connection with a duplicate of the caller's client, to publish as well. By default
 * an ioredis client repeats unanswered commands after a reconnect, even those that were long
 * ago reported as failed.
 */
export function ioredisDuplicates(client: IoRedisClient): RedisDriver {
	return {
		address: addressOf(client),
		async open(events, timeout) {
			const duplicate = client.duplicate({
				// The duplicate must not reconnect, even if its owner's client does. Above all it must not
				// resubscribe: ioredis does so after it has reported itself ready, and reports no
				// confirmation.
				lazyConnect: true,
				retryStrategy: () => null,
				reconnectOnError: null,
				sentinelRetryStrategy: () => null,
				autoResubscribe: false,
				autoResendUnfulfilledCommands: false,
				enableOfflineQueue: false,
				enableAutoPipelining: false,
				connectTimeout: timeout,
				commandTimeout: undefined,
				socketTimeout: undefined,
				keyPrefix: "",
				monitor: false,
			});
			return new IoRedisLink(duplicate as OwnClient, events);
		},
	};
}

class IoRedisLink implements RedisLink {
	readonly #client: OwnClient;
	readonly #events: LinkEvents;
	#lastError: unknown;
	#up = false;
	#gone = false;

	constructor(client: OwnClient, events: LinkEvents) {
		this.#client = client;
		this.#events = events;
		client.on("message", (channel: string, payload: string) => {
			if (!this.#gone) events.onMessage(channel, payload);
		});
		// The listeners stay: the client may report errors after its end.
		client.on("error", (error: unknown) => {
			this.#lastError = error;
		});
		client.on("close", () => this.#lose());
	}

	async connect(): Promise<void> {
		try {
			await this.#client.connect();
			this.#up = true;
		} catch (error) {
			// It rejects with "Connection is closed."; an earlier event had the cause.
			throw this.#lastError ?? error;
		}
	}

	async command([name = "", ...args]: readonly string[]): Promise<unknown> {
		return this.#client.call(name, ...args);
	}

	async subscribe(channel: string): Promise<void> {
		await this.#client.subscribe(channel);
	}

	async unsubscribe(channel: string): Promise<void> {
		await this.#client.unsubscribe(channel);
	}

	async ping(): Promise<void> {
		await this.#client.ping();
	}

	keepProcessAlive(keep: boolean): void {
		if (keep) this.#client.stream?.ref?.();
		else this.#client.stream?.unref?.();
	}

	destroy(): void {
		if (this.#gone) return;
		this.#gone = true;
		this.#kill();
	}

	#lose(): void {
		if (!this.#up || this.#gone) return;
		this.#gone = true;
		this.#events.onLost(this.#lastError ?? new Error("Connection is closed."));
	}

	#kill(): void {
		if (this.#client.status === "end") return;
		this.#client.disconnect();
		// `disconnect` waits for the server, which may be the one that hangs.
		this.#client.stream?.destroy();
	}
}

function addressOf(client: IoRedisClient): string {
	const options: { host?: unknown; port?: unknown; path?: unknown; name?: unknown } =
		"options" in client && typeof client.options === "object" ? { ...client.options } : {};
	if (typeof options.path === "string") return options.path;
	if (typeof options.name === "string") return `the Sentinel group ${options.name}`;
	return `${options.host ?? "localhost"}:${options.port ?? 6379}`;
}
