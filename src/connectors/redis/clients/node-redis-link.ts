import type { LinkEvents, RedisLink } from "../driver.ts";
import { isReply } from "../errors.ts";

/** The part of a node-redis client of our own that is used here. */
export interface OwnClient {
	readonly isOpen: boolean;
	sendCommand(args: string[]): Promise<unknown>;
	on(event: string, listener: (...args: unknown[]) => void): unknown;
	connect(): Promise<unknown>;
	subscribe(
		channel: string,
		listener: (payload: string, channel: string) => void,
	): Promise<unknown>;
	unsubscribe(
		channel: string,
		listener: (payload: string, channel: string) => void,
	): Promise<unknown>;
	/** Since version 4.6. */
	sSubscribe?: OwnClient["subscribe"];
	sUnsubscribe?: OwnClient["unsubscribe"];
	ref(): void;
	unref(): void;
	/** Since version 5. Before that it was `disconnect`. */
	destroy?(): void;
	disconnect(): Promise<unknown>;
}

/** Options of a connection that does not reconnect, even if its owner's client does. */
export function overrides(options: { socket?: object }, connectTimeout: number): object {
	return {
		socket: {
			...options.socket,
			connectTimeout,
			reconnectStrategy: false,
			// A channel may be silent for days. The heartbeat watches the connection.
			socketTimeout: undefined,
		},
		// Our own timeout bounds the wait for an answer.
		commandOptions: { timeout: undefined },
		// This feature swaps a client's socket, and resolves the host again by itself. We replace
		// whole connections.
		maintNotifications: "disabled",
		clientSideCache: undefined,
		emitInvalidate: false,
		pingInterval: undefined,
	};
}

/**
 * `sharded`: with SSUBSCRIBE. `guarded`: with SUBSCRIBE, which a node of a Cluster goes on
 * serving after the channel's slot has left it. So the same channel is also subscribed to as a
 * sharded one. The server then reports, in order with the messages, that the slot leaves.
 */
export type PubSub = "plain" | "guarded" | "sharded";

/** One connection of a node-redis client that was made with `overrides`. */
export class NodeRedisLink implements RedisLink {
	id: string | undefined;
	readonly #client: OwnClient;
	readonly #events: LinkEvents;
	#pubSub: PubSub;
	readonly #onMessage: (payload: string, channel: string) => void;
	#dialled = false;
	#up = false;
	#gone = false;

	constructor(client: OwnClient, events: LinkEvents, pubSub: PubSub = "plain") {
		this.#client = client;
		this.#events = events;
		this.#pubSub = pubSub;
		// One function for all channels: the library tells them apart.
		this.#onMessage = (payload, channel) => {
			if (!this.#gone) events.onMessage(channel, payload);
		};
		// The listener stays: the client may report errors after its end.
		client.on("error", (error) => this.#lose(error));
		client.on("connect", () => {
			this.#dialled = true;
			if (this.#gone) this.#kill();
		});
		client.on("sharded-channel-moved", (channel) => {
			if (!this.#gone) events.onMoved(String(channel));
		});
	}

	async connect(): Promise<void> {
		try {
			await this.#client.connect();
			if (this.#pubSub === "sharded") this.id = await this.#identify();
			this.#up = true;
		} finally {
			this.#dialled = true;
		}
	}

	async #identify(): Promise<string | undefined> {
		try {
			return String(await this.#client.sendCommand(["CLIENT", "ID"]));
		} catch (error) {
			// This user may not ask, so the connection goes without an id.
			if (isReply(error)) return undefined;
			throw error;
		}
	}

	async command(args: readonly string[]): Promise<unknown> {
		return this.#client.sendCommand([...args]);
	}

	async subscribe(channel: string): Promise<void> {
		await Promise.all([
			this.#pubSub === "sharded" && this.#client.sSubscribe?.(channel, this.#onMessage),
			this.#pubSub === "guarded" && this.#guard(channel),
			this.#pubSub !== "sharded" && this.#client.subscribe(channel, this.#onMessage),
		]);
	}

	async unsubscribe(channel: string): Promise<void> {
		// Names its listener: otherwise a SUBSCRIBE right after it would join the one that ends.
		await Promise.all([
			this.#pubSub === "sharded" && this.#client.sUnsubscribe?.(channel, this.#onMessage),
			// It may already be gone with its slot. If the connection is lost, the other one shows it.
			this.#pubSub === "guarded" &&
				this.#client.sUnsubscribe?.(channel, ignore).catch(() => undefined),
			this.#pubSub !== "sharded" && this.#client.unsubscribe(channel, this.#onMessage),
		]);
	}

	async #guard(channel: string): Promise<void> {
		try {
			await this.#client.sSubscribe?.(channel, ignore);
		} catch (error) {
			const reason = error instanceof Error ? error.message : "";
			// The server is older than Redis 7, or the user may not: go on without it.
			if (reason.startsWith("ERR unknown")) this.#pubSub = "plain";
			else if (!reason.startsWith("NOPERM")) throw error;
		}
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
		// While it dials, the client does not hold the socket yet and would leave it open. So the
		// socket is closed as soon as it exists.
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
		// It rejects only when nothing is left to close, which is what we want.
		else this.#client.disconnect().catch(() => undefined);
	}
}

function ignore(): void {
	// Messages of the sharded channel of that name are not for us.
}
