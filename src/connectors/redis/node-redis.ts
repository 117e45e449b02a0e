import type { OwnedClient } from "./client-publisher.ts";
import type { LinkEvents, RedisDriver, RedisLink } from "./link.ts";

/**
 * A client of node-redis (`redis` or `@redis/client` from 4.6 on), as far as it is used here. It is
 * described rather than imported, so that any version and any set of modules will do.
 */
export interface NodeRedisClient {
	readonly isOpen: boolean;
	readonly isReady: boolean;
	sendCommand(args: string[], options?: object): Promise<unknown>;
	duplicate(overrides?: object): unknown;
	on(event: string, listener: (...args: unknown[]) => void): unknown;
	off(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** node-redis' client options, as far as they matter here; all others are passed on as they are. */
export interface NodeRedisOptions {
	/** `redis://` or `rediss://`, with user, password, host, port and database number. */
	url?: string;
	username?: string;
	password?: string;
	/** The database number. Pub/sub in Redis knows no databases: messages cross them. */
	database?: number;
	/** Host, port, TLS settings. A `reconnectStrategy` is overruled: reconnecting is done here. */
	socket?: object;
}

/** The rest of a client, which only we need: it is our own, or a duplicate made for us. */
interface OwnClient extends NodeRedisClient {
	connect(): Promise<unknown>;
	subscribe(
		channel: string,
		listener: (payload: string, channel: string) => void,
	): Promise<unknown>;
	unsubscribe(channel: string): Promise<unknown>;
	ref(): void;
	unref(): void;
	/** From version 5 on; `disconnect` before. */
	destroy?(): void;
	disconnect(): Promise<unknown>;
}

/** Connects with `options`, which are node-redis' own. The library is loaded with the first connection. */
export function nodeRedisDriver(options: NodeRedisOptions, address: string): RedisDriver {
	return {
		address,
		async open(events, timeout) {
			const { createClient } = await import("@redis/client");
			// RESP2 unless told otherwise: every server and proxy speaks it, and nothing here needs more.
			const all = {
				RESP: 2,
				clientInfoTag: "edge-sse",
				...options,
				...overrides(options, timeout),
			};
			// The library's type of its options says more than this connector knows of them.
			const client = createClient(all as object);
			return new NodeRedisLink(client as unknown as OwnClient, events);
		},
	};
}

/** Connects as the caller's client does, with a duplicate of it for each connection. */
export function nodeRedisDuplicates(client: NodeRedisClient): RedisDriver {
	return {
		address: addressOf(optionsOf(client)),
		async open(events, timeout) {
			const duplicate = client.duplicate(overrides(optionsOf(client), timeout));
			return new NodeRedisLink(duplicate as OwnClient, events);
		},
	};
}

/** Publishes over the caller's own client. */
export function ownedNodeRedis(client: NodeRedisClient): OwnedClient {
	return {
		address: addressOf(optionsOf(client)),
		advice: "the client handed in is closed; call its connect() first, or do not close it before",
		state() {
			if (client.isReady) return "ready";
			return client.isOpen ? "connecting" : "ended";
		},
		// The signal is called `signal` in version 4.
		publish: async (channel, payload, signal) =>
			Number(
				await client.sendCommand(["PUBLISH", channel, payload], { abortSignal: signal, signal }),
			),
		listen({ onReady, onError }) {
			client.on("ready", onReady);
			client.on("error", onError);
			return () => {
				client.off("ready", onReady);
				client.off("error", onError);
			};
		},
	};
}

class NodeRedisLink implements RedisLink {
	readonly #client: OwnClient;
	readonly #events: LinkEvents;
	readonly #onMessage: (payload: string, channel: string) => void;
	#dialled = false;
	#up = false;
	#gone = false;

	constructor(client: OwnClient, events: LinkEvents) {
		this.#client = client;
		this.#events = events;
		// One function for all channels: the library keeps them apart.
		this.#onMessage = (payload, channel) => {
			if (!this.#gone) events.onMessage(channel, payload);
		};
		// Never removed: whatever the client still has to say after its end must find a listener.
		client.on("error", (error) => this.#lose(error));
		client.on("connect", () => {
			this.#dialled = true;
			if (this.#gone) this.#kill();
		});
	}

	async connect(): Promise<void> {
		try {
			await this.#client.connect();
			this.#up = true;
		} finally {
			this.#dialled = true;
		}
	}

	async publish(channel: string, payload: string): Promise<number> {
		return Number(await this.#client.sendCommand(["PUBLISH", channel, payload]));
	}

	async subscribe(channel: string): Promise<void> {
		await this.#client.subscribe(channel, this.#onMessage);
	}

	async unsubscribe(channel: string): Promise<void> {
		await this.#client.unsubscribe(channel);
	}

	async ping(): Promise<void> {
		await this.#client.sendCommand(["PING"]);
	}

	keepProcessAlive(keep: boolean): void {
		if (keep) this.#client.ref();
		else this.#client.unref();
	}

	destroy(): void {
		if (this.#gone) return;
		this.#gone = true;
		// While the socket is being dialled the client does not hold it yet and would leave it open;
		// it is dropped as soon as it is there.
		if (this.#dialled) this.#kill();
	}

	#lose(error: unknown): void {
		if (!this.#up || this.#gone) return;
		this.#gone = true;
		this.#kill();
		this.#events.onLost(error);
	}

	#kill(): void {
		if (!this.#client.isOpen) return;
		if (this.#client.destroy !== undefined) this.#client.destroy();
		// It rejects only when there is nothing left to close, and that is all that is asked.
		else this.#client.disconnect().catch(() => undefined);
	}
}

/** What a connection that does not heal needs, whatever its owner chose for theirs. */
function overrides(options: NodeRedisOptions, connectTimeout: number): object {
	return {
		socket: {
			...options.socket,
			connectTimeout,
			reconnectStrategy: false,
			// A channel may be quiet for days; the heartbeat looks after the connection.
			socketTimeout: undefined,
		},
		// Answers are waited for up to our own timeout.
		commandOptions: { timeout: undefined },
		// It swaps sockets under a client, and names the host again by itself: ours are replaced whole.
		maintNotifications: "disabled",
		clientSideCache: undefined,
		emitInvalidate: false,
		pingInterval: undefined,
	};
}

function optionsOf(client: NodeRedisClient): NodeRedisOptions {
	return "options" in client && typeof client.options === "object" && client.options !== null
		? { ...client.options }
		: {};
}

function addressOf(options: NodeRedisOptions): string {
	const socket: { host?: unknown; port?: unknown; path?: unknown } = { ...options.socket };
	if (typeof socket.path === "string") return socket.path;
	return `${socket.host ?? "localhost"}:${socket.port ?? 6379}`;
}
