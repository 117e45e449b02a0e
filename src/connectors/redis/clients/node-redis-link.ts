import type { LinkEvents, RedisLink } from "../driver.ts";
import { isReply } from "../errors.ts";

/** A client of node-redis that is all ours, as far as it is used here. */
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
	/** From version 4.6 on. */
	sSubscribe?: OwnClient["subscribe"];
	sUnsubscribe?: OwnClient["unsubscribe"];
	ref(): void;
	unref(): void;
	/** From version 5 on; `disconnect` before. */
	destroy?(): void;
	disconnect(): Promise<unknown>;
}

/** What a connection that does not heal needs, whatever its owner chose for theirs. */
export function overrides(options: { socket?: object }, connectTimeout: number): object {
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

/**
 * `sharded`: with SSUBSCRIBE. `guarded`: with SUBSCRIBE, which a node of a Cluster goes on serving after the
 * channel's slot has left it; so the same channel is subscribed to as a sharded one as well, only to be told
 * by the server, in line with the messages, that the slot is leaving.
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
			// A user who may not ask does without.
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
		// Named with its listener: otherwise a subscribe that follows at once joins the one that is ending.
		await Promise.all([
			this.#pubSub === "sharded" && this.#client.sUnsubscribe?.(channel, this.#onMessage),
			// It may be gone with its slot already; a connection that was lost shows in the other one.
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
			// A server before Redis 7, or a user who may not: then without.
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

function ignore(): void {
	// What is published to the sharded channel of that name is not for us.
}
