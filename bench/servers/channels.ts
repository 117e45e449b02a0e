import { createClient } from "@redis/client";

/**
 * What the controls and the other libraries share: who listens to which channel, and how messages come
 * in: with `publish`, or from the Redis of `BENCH_REDIS`, over one connection and with one
 * subscription per channel.
 */
export class Channels<Client> {
	readonly #send: (clients: ReadonlySet<Client>, data: string) => void;
	readonly #clients = new Map<string, Set<Client>>();
	readonly #subscribed = new Map<string, Promise<void>>();
	readonly #redis = connected(process.env.BENCH_REDIS);

	/** @param send hands a message's data to all who listen. */
	constructor(send: (clients: ReadonlySet<Client>, data: string) => void) {
		this.#send = send;
	}

	/** To be awaited before the client is answered. */
	async subscribed(channel: string): Promise<void> {
		const { redis } = await this.#redis;
		if (redis === undefined) return;
		let subscribed = this.#subscribed.get(channel);
		subscribed ??= redis.subscribe(channel, (payload) =>
			this.#deliver(channel, (JSON.parse(payload) as Body).data),
		);
		this.#subscribed.set(channel, subscribed);
		return subscribed;
	}

	/** @returns what takes the client out again. */
	join(channel: string, client: Client): () => void {
		let clients = this.#clients.get(channel);
		if (clients === undefined) {
			clients = new Set();
			this.#clients.set(channel, clients);
		}
		clients.add(client);
		return () => clients.delete(client);
	}

	/** @param body what `POST /publish` was given. */
	publish(body: string): void {
		const { channel, data } = JSON.parse(body) as Body;
		this.#deliver(channel, data);
	}

	#deliver(channel: string, data: string): void {
		const clients = this.#clients.get(channel);
		if (clients !== undefined) this.#send(clients, data);
	}
}

interface Body {
	data: string;
	channel: string;
}

async function connected(url: string | undefined) {
	return { redis: url === undefined ? undefined : await createClient({ url }).connect() };
}

export const headers = { "content-type": "text/event-stream", "cache-control": "no-cache" };

const encoder = new TextEncoder();

/** Opens the stream: some hosts send no headers before a first chunk. */
export const opening = encoder.encode(":\n\n");

/** One event as the text that leaves; the data of the load has no line ends. */
export function frame(data: string): string {
	return `data:${data}\n\n`;
}

export function frameBytes(data: string): Uint8Array {
	return encoder.encode(frame(data));
}

/** Of `/stream?channel=…`: one channel is all that a control can. */
export function channelOf(url: string): string {
	return url.slice(url.indexOf("=") + 1);
}
