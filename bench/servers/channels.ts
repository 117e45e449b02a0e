import { createClient } from "@redis/client";

/**
 * What the controls and the other libraries share: the clients of each channel, and how messages arrive. They arrive by
 * `publish`, or from the Redis of `BENCH_REDIS`, over one connection with one subscription for each channel.
 */
export class Channels<Client> {
	readonly #send: (clients: ReadonlySet<Client>, data: string) => void;
	readonly #clients = new Map<string, Set<Client>>();
	readonly #subscribed = new Map<string, Promise<void>>();
	readonly #redis = connected(process.env.BENCH_REDIS);

	/** @param send sends a message's data to the clients. */
	constructor(send: (clients: ReadonlySet<Client>, data: string) => void) {
		this.#send = send;
	}

	/** Must be awaited before the client is answered. */
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

	/** @returns a function that removes the client. */
	join(channel: string, client: Client): () => void {
		let clients = this.#clients.get(channel);
		if (clients === undefined) {
			clients = new Set();
			this.#clients.set(channel, clients);
		}
		clients.add(client);
		return () => clients.delete(client);
	}

	/** @param body the body of `POST /publish`. */
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

/** The first chunk of a stream. Some hosts send no headers before it. */
export const opening = encoder.encode(":\n\n");

/** The text of an event. The data here has no line ends. */
export function frame(data: string): string {
	return `data:${data}\n\n`;
}

export function frameBytes(data: string): Uint8Array {
	return encoder.encode(frame(data));
}

/** The channel of `/stream?channel=…`. A control can have only one. */
export function channelOf(url: string): string {
	return url.slice(url.indexOf("=") + 1);
}
