import type { Subscription, SubscriptionHandlers } from "../../connector.ts";
import type { ConnectorError } from "../../errors.ts";
import { Dialer } from "./dialer.ts";
import { closed, isReply, toConnectorError, unanswered } from "./errors.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { RedisDriver, RedisLink } from "./link.ts";
import { Member } from "./member.ts";
import { within } from "./timing.ts";

/** How a subscriber behaves; times in ms. */
export interface SubscriberSettings {
	timeout: number;
	pingInterval: number;
	/** Called when the last subscription has gone, instead of keeping the connection for the next. */
	onIdle?: () => void;
}

/** A channel that somebody here wants. Another one of the same name may follow it. */
interface Channel {
	readonly name: string;
	/** Replaced, never changed, so that a message goes to those who were there when it came. */
	members: readonly Member[];
	/** Whether Redis has confirmed it on the connection there is now. */
	live: boolean;
}

/**
 * All subscriptions over one connection, dialled at the first of them. What is wanted (`#channels`)
 * is kept apart from the connection, and every new connection is told all of it: so nothing that
 * was given up during an outage comes back, and nothing wanted is forgotten.
 */
export class Subscriber {
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

	/** Resolves once Redis has confirmed it; rejects with a `ConnectorError` within the timeout. */
	async subscribe(name: string, handlers: SubscriptionHandlers): Promise<Subscription> {
		if (this.#closed) throw closed();
		const channel = this.#channels.get(name) ?? this.#want(name);
		const { timeout } = this.#settings;
		const member = new Member(handlers);
		channel.members = [...channel.members, member];
		if (channel.live) member.up();
		else if (this.#link === undefined && !this.#dialling) void this.#dial();
		try {
			await within(
				member.settled,
				timeout,
				() => this.#dialer.lastError ?? unanswered(this.#driver.address, timeout),
			);
		} catch (error) {
			// Not awaited: the caller's time is up. `#leave` never rejects.
			void this.#leave(channel, member);
			throw error;
		}
		return { unsubscribe: () => this.#leave(channel, member) };
	}

	/** Ends every subscription with `onEnd`. Idempotent. */
	close(): void {
		this.#closed = true;
		this.#endAll(closed());
		this.#discard();
		this.#dialer.wake();
	}

	#want(name: string): Channel {
		const channel: Channel = { name, members: [], live: false };
		this.#channels.set(name, channel);
		if (this.#link !== undefined) {
			this.#link.keepProcessAlive(true);
			this.#heartbeat.start();
			void this.#join(this.#link, channel);
		}
		return channel;
	}

	async #leave(channel: Channel, member: Member): Promise<void> {
		member.leave();
		channel.members = channel.members.filter((other) => other !== member);
		const last = channel.members.length === 0 && this.#channels.get(channel.name) === channel;
		if (!last) return;
		// From here on a new subscriber makes a new channel, and its SUBSCRIBE follows our UNSUBSCRIBE
		// on the same connection: Redis takes them in that order.
		this.#channels.delete(channel.name);
		const link = this.#link;
		const idle = this.#channels.size === 0 && this.#idle();
		if (link === undefined || idle) return;
		const { timeout } = this.#settings;
		try {
			const late = () => unanswered(this.#driver.address, timeout);
			await within(link.unsubscribe(channel.name), timeout, late);
		} catch (error) {
			// Without its connection the subscription ends at the broker too: so the leaver has what it
			// wanted, and the others hear of the loss.
			this.#lost(link, error);
		}
	}

	/** Nobody is left. True if the connection was given up with them. */
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
			link = await this.#dialer.dial(() => this.#channels.size > 0, {
				onMessage: (name, payload) => this.#deliver(name, payload),
				onLost: (error) => {
					if (link !== undefined) this.#lost(link, error);
				},
			});
		} catch (error) {
			this.#endAll(toConnectorError(error, this.#driver.address));
		} finally {
			this.#dialling = false;
		}
		if (link === undefined) return;
		this.#link = link;
		this.#heartbeat.start();
		for (const channel of this.#channels.values()) void this.#join(link, channel);
	}

	async #join(link: RedisLink, channel: Channel): Promise<void> {
		const { timeout } = this.#settings;
		try {
			const late = () => unanswered(this.#driver.address, timeout);
			await within(link.subscribe(channel.name), timeout, late);
		} catch (error) {
			const failure = toConnectorError(error, this.#driver.address);
			if (failure.code === "refused") this.#end(channel, failure);
			else this.#lost(link, failure);
			return;
		}
		if (this.#link !== link) return;
		this.#dialer.succeeded();
		channel.live = true;
		for (const member of channel.members) member.up();
	}

	#deliver(name: string, payload: string): void {
		const channel = this.#channels.get(name);
		if (channel === undefined) return;
		for (const member of channel.members) member.message(payload);
	}

	async #ping(): Promise<void> {
		const link = this.#link;
		if (link === undefined) return;
		const { timeout } = this.#settings;
		try {
			await within(link.ping(), timeout, () => unanswered(this.#driver.address, timeout));
		} catch (error) {
			// An error from Redis (PING not allowed to this user) is a sign of life like any other.
			if (!isReply(error)) this.#lost(link, error);
		}
	}

	#lost(link: RedisLink, error: unknown): void {
		if (this.#link !== link) return;
		this.#discard();
		const failure = toConnectorError(error, this.#driver.address);
		this.#dialer.failed(failure);
		for (const channel of this.#channels.values()) {
			channel.live = false;
			for (const member of channel.members) member.down(failure);
		}
		if (this.#channels.size > 0 && !this.#dialling) void this.#dial();
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
		for (const member of channel.members) member.end(error);
		if (this.#channels.size === 0) this.#idle();
	}
}
