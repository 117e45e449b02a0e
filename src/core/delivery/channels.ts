import { type ConnectorError, closedError } from "../errors.ts";
import type { Channel } from "./channel.ts";

/** The channels of a hub. Each is shared by all that use it, and outlives the last of them for a while. */
export class Channels {
	readonly #make: (name: string) => Channel;
	/** In ms. 0: a channel ends with its last user. */
	readonly #linger: number;
	readonly #byName = new Map<string, Channel>();
	readonly #lingering = new Map<Channel, ReturnType<typeof setTimeout>>();
	#closed = false;

	constructor(make: (name: string) => Channel, linger: number) {
		this.#make = make;
		this.#linger = linger;
	}

	/** By their names. Users of one include those that still wait for the subscription. */
	get all(): ReadonlyMap<string, Channel> {
		return this.#byName;
	}

	/**
	 * Takes channels whose subscriptions are confirmed. The caller releases each of them.
	 *
	 * @throws {ConnectorError} when the broker is away, refuses, or the hub is closed.
	 */
	async acquire(names: readonly string[]): Promise<Channel[]> {
		if (this.#closed) throw closedError("ServerSentEvents");
		const channels = names.map((name) => this.#acquire(name));
		return this.during(channels, async () => {
			await Promise.all(channels.map((channel) => channel.live));
			const refreshing = channels.flatMap((channel) => channel.refresh() ?? []);
			if (refreshing.length > 0) await Promise.all(refreshing);
			return channels;
		});
	}

	/**
	 * Waits for something, and releases the channels when that fails.
	 *
	 * @throws {ConnectorError} when the hub was closed, or a channel ended, meanwhile.
	 */
	async during<T>(channels: readonly Channel[], task: () => Promise<T>): Promise<T> {
		try {
			const result = await task();
			if (this.#closed || channels.some(({ ended }) => ended)) {
				throw closedError("ServerSentEvents");
			}
			return result;
		} catch (error) {
			for (const channel of channels) this.release(channel);
			throw error;
		}
	}

	#acquire(name: string): Channel {
		let channel = this.#byName.get(name);
		if (channel === undefined) {
			channel = this.#make(name);
			this.#byName.set(name, channel);
			// The next user must not get a failed subscription.
			const failed = channel;
			channel.live.catch(() => this.#drop(failed));
		}
		channel.users++;
		clearTimeout(this.#lingering.get(channel));
		this.#lingering.delete(channel);
		return channel;
	}

	/** The last to leave a channel starts its linger. */
	release(channel: Channel): void {
		channel.users--;
		if (channel.users > 0 || this.#byName.get(channel.name) !== channel) return;
		if (this.#linger === 0) this.#drop(channel);
		else {
			const timer = setTimeout(() => this.#drop(channel), this.#linger);
			this.#lingering.set(channel, timer);
		}
	}

	/** Ends a channel, and tells those that use it. */
	end(channel: Channel, error: ConnectorError): void {
		this.#drop(channel);
		for (const outlet of [...channel.outlets]) outlet.onEnd(channel, error);
	}

	close(): void {
		this.#closed = true;
		const error = closedError("ServerSentEvents");
		for (const channel of [...this.#byName.values()]) this.end(channel, error);
	}

	#drop(channel: Channel): void {
		clearTimeout(this.#lingering.get(channel));
		this.#lingering.delete(channel);
		if (this.#byName.get(channel.name) === channel) this.#byName.delete(channel.name);
		channel.end();
	}
}
