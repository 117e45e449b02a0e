import type { Subscription, SubscriptionHandlers } from "../../core/connector.ts";
import type { ConnectorError } from "../../core/errors.ts";
import { Listener } from "../shared/listener.ts";
import { within } from "../shared/timeout.ts";
import { Dialer } from "./dialer.ts";
import type { RedisDriver, RedisLink } from "./driver.ts";
import {
	closed,
	forgotten,
	isReply,
	moved,
	redirection,
	toConnectorError,
	unanswered,
} from "./errors.ts";
import { Heartbeat } from "./heartbeat.ts";
import { MessageQueue } from "./message-queue.ts";
import { SubscribedChannel as Channel } from "./subscribed-channel.ts";
import type { ChannelSubscriber, SubscriberSettings } from "./topology.ts";

/**
 * All subscriptions over one connection, which the first one dials. The wanted channels
 * (`#channels`) are kept apart from it, and every new connection subscribes to all of them. So
 * an outage neither revives nor forgets a subscription.
 */
export class Subscriber implements ChannelSubscriber {
	readonly #driver: RedisDriver;
	readonly #settings: SubscriberSettings;
	readonly #dialer: Dialer;
	readonly #heartbeat: Heartbeat;
	readonly #channels = new Map<string, Channel>();
	#link: RedisLink | undefined;
	#dialling = false;
	#closed = false;

	constructor(driver: RedisDriver, settings: SubscriberSettings) {
		this.#driver = driver;
		this.#settings = settings;
		this.#dialer = new Dialer(driver, settings.timeout);
		this.#heartbeat = new Heartbeat(settings.pingInterval, () => this.#ping());
	}

	/** How many channels are wanted. */
	get size(): number {
		return this.#channels.size;
	}

	/** The channels that Redis has confirmed. */
	get live(): readonly Channel[] {
		return [...this.#channels.values()].filter(({ live }) => live);
	}

	get lastError(): ConnectorError | undefined {
		return this.#dialer.lastError;
	}

	async subscribe(name: string, handlers: SubscriptionHandlers): Promise<Subscription> {
		if (this.#closed) throw closed();
		const listener = new Listener(handlers);
		const detach = this.attach(name, listener);
		const unsubscribe = () => {
			listener.leave();
			return detach();
		};
		try {
			await this.#answered(listener.settled, () => this.lastError);
		} catch (error) {
			// Not awaited: the caller's time is up. It never rejects.
			void unsubscribe();
			throw error;
		}
		return { unsubscribe };
	}

	/**
	 * Has a listener hear the channel from Redis' confirmation until it is detached.
	 *
	 * @returns a function that detaches it. Idempotent; resolves when Redis knows; never rejects.
	 */
	attach(name: string, listener: Listener): () => Promise<void> {
		const channel = this.#channels.get(name) ?? this.#want(name);
		channel.listeners = [...channel.listeners, listener];
		if (channel.live) listener.up();
		else if (this.#link === undefined && !this.#dialling) void this.#dial();
		return () => this.#detach(channel, listener);
	}

	/** Resubscribes to the channels that the server refused, or has ended. */
	rejoin(): void {
		const link = this.#link;
		if (link === undefined) return;
		for (const channel of this.#channels.values()) {
			if (!channel.live && !channel.joining) void this.#join(link, channel, true);
		}
	}

	/**
	 * Resubscribes to everything when the server counts fewer channels than are live here.
	 *
	 * @param count asks the server, over another connection. Undefined: it cannot tell.
	 */
	async verify(count: (id: string) => Promise<number | undefined>): Promise<void> {
		const link = this.#link;
		if (link?.id === undefined) return;
		const { live } = this;
		const known = await count(link.id);
		const still = live.filter((each) => each.live && this.#channels.get(each.name) === each);
		if (known !== undefined && known < still.length) {
			this.#lost(link, forgotten(this.#driver.address));
		}
	}

	close(): void {
		this.#closed = true;
		this.#endAll(closed());
		this.#discard();
		this.#dialer.wake();
	}

	#want(name: string): Channel {
		const channel = new Channel(name);
		this.#channels.set(name, channel);
		if (this.#link !== undefined) {
			this.#link.keepProcessAlive(true);
			this.#heartbeat.start();
			void this.#join(this.#link, channel, true);
		}
		return channel;
	}

	async #detach(channel: Channel, listener: Listener): Promise<void> {
		channel.listeners = channel.listeners.filter((other) => other !== listener);
		const last = channel.listeners.length === 0 && this.#channels.get(channel.name) === channel;
		if (!last) return;
		// A new subscriber makes a new channel. Its SUBSCRIBE follows our UNSUBSCRIBE.
		this.#channels.delete(channel.name);
		const link = this.#link;
		const idle = this.#channels.size === 0 && this.#idle();
		if (link === undefined || idle) return;
		try {
			await this.#answered(link.unsubscribe(channel.name));
		} catch (error) {
			// The channel's slot has left this node, and so has the subscription.
			if (redirection(error) !== undefined) return;
			// Closing the connection ends the subscription at the broker, too. The other channels' listeners are told of the loss.
			this.#lost(link, error);
		}
	}

	/** No channel is left. True if the connection was closed for that. */
	#idle(): boolean {
		this.#heartbeat.stop();
		this.#link?.keepProcessAlive(false);
		if (this.#settings.onIdle === undefined) return false;
		this.#settings.onIdle();
		return true;
	}

	async #dial(): Promise<void> {
		this.#dialling = true;
		let link: RedisLink | undefined;
		try {
			const events = new MessageQueue({
				onMessage: (name, payload) => this.#channels.get(name)?.message(payload),
				onLost: (error) => link !== undefined && this.#lost(link, error),
				onMoved: (name) => this.#moved(this.#channels.get(name)),
			});
			link = await this.#dialer.dial(() => this.#channels.size > 0, events);
		} catch (error) {
			this.#endAll(toConnectorError(error, this.#driver.address));
		} finally {
			this.#dialling = false;
		}
		if (link === undefined) return;
		this.#link = link;
		this.#heartbeat.start();
		for (const channel of this.#channels.values()) void this.#join(link, channel, false);
	}

	/** @param isOld the connection was not dialled for this. */
	async #join(link: RedisLink, channel: Channel, isOld: boolean): Promise<void> {
		channel.joining = true;
		try {
			await this.#answered(link.subscribe(channel.name));
			if (isOld) await this.#settings.confirm?.();
		} catch (error) {
			if (this.#link === link) channel.joining = false;
			if (redirection(error) !== undefined) {
				this.#settings.onTrouble?.();
				return;
			}
			const failure = toConnectorError(error, this.#driver.address);
			if (failure.code === "refused") this.#end(channel, failure);
			else this.#lost(link, failure);
			return;
		}
		// The message that it has moved may come right after the confirmation.
		if (this.#link !== link || !channel.joining) return;
		this.#dialer.succeeded();
		channel.up();
	}

	#answered(reply: Promise<void>, why?: () => ConnectorError | undefined): Promise<void> {
		const { timeout } = this.#settings;
		return within(reply, timeout, () => why?.() ?? unanswered(this.#driver.address, timeout));
	}

	#moved(channel: Channel | undefined): void {
		if (channel === undefined) return;
		channel.down(moved(channel.name, this.#driver.address));
		this.#settings.onMoved?.();
	}

	async #ping(): Promise<void> {
		const link = this.#link;
		if (link === undefined) return;
		try {
			await this.#answered(link.ping());
		} catch (error) {
			// An error from Redis (PING not allowed to this user) is a sign of life, too.
			if (!isReply(error)) this.#lost(link, error);
		}
	}

	#lost(link: RedisLink, error: unknown): void {
		if (this.#link !== link) return;
		this.#discard();
		const failure = toConnectorError(error, this.#driver.address);
		this.#dialer.failed(failure);
		for (const channel of this.#channels.values()) channel.down(failure);
		if (this.#channels.size > 0 && !this.#dialling) void this.#dial();
		this.#settings.onTrouble?.();
	}

	#discard(): void {
		this.#heartbeat.stop();
		this.#link?.destroy();
		this.#link = undefined;
	}

	#endAll(error: ConnectorError): void {
		for (const channel of this.#channels.values()) this.#end(channel, error);
	}

	#end(channel: Channel, error: ConnectorError): void {
		if (this.#channels.get(channel.name) === channel) this.#channels.delete(channel.name);
		for (const listener of channel.listeners) listener.end(error);
		if (this.#channels.size === 0) this.#idle();
	}
}
