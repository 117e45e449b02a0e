import type { Connector, Subscription, SubscriptionHandlers } from "../connector.ts";
import type { Disconnect } from "../control/disconnect.ts";
import { type ConnectorError, gapError, unstored } from "../errors.ts";
import { Log, type LogChannel, type LogMemory } from "../history/log.ts";
import type { Run } from "../history/run.ts";
import { Decoder, type DecoderOwner } from "../message/decoder.ts";
import type { Decoded } from "../message/envelope.ts";
import { beginning, isAfter, isEmpty } from "../message/position.ts";
import type { Semaphore } from "../scheduling.ts";
import type { BrokerClock } from "./broker-clock.ts";
import { type Recovering, Recovery } from "./recovery.ts";

/** What a channel's messages go to: the streams of one list of channels, or a `messages()`. */
export interface Outlet {
	/** @param position of a message that the history keeps. */
	onMessage(channel: Channel, decoded: Decoded, position: string | undefined): void;
	/** Messages after `position` may be missing, and cannot be had any more. */
	onGap(channel: Channel, position: string): void;
	onEnd(channel: Channel, error: ConnectorError): void;
	/** Ends readers that match. The hub ends the streams. */
	onDisconnect?: ((disconnect: Disconnect) => void) | undefined;
}

/** What all channels of one hub share. */
export interface ChannelOwner extends DecoderOwner {
	/** Reads of the history for clients. */
	readonly reads: Semaphore;
	/** Reads for channels whose subscription was lost. */
	readonly restorations: Semaphore;
	readonly memory: LogMemory;
	readonly clock: BrokerClock;
	channelEnded(channel: Channel, error: ConnectorError): void;
	disconnect(disconnect: Disconnect): void;
}

/** How old an empty position may be that a new client is given, in ms. */
const emptyFor = 5_000;

/**
 * One channel of this process: one upstream subscription, however many clients. A payload is
 * decoded here once, and passed on in the broker's order, each stored message once.
 */
export class Channel implements SubscriptionHandlers, Recovering, LogChannel {
	readonly name: string;
	/** With history. */
	readonly log: Log | undefined;
	readonly outlets = new Set<Outlet>();
	/** How many use it, including those that still wait for its subscription. */
	users = 0;
	/** Where the feed stands: the last stored message that was passed on. With history only. */
	position = beginning;
	/** Messages up to here were passed on before the store was emptied. They are dropped if they come again. */
	#passed = beginning;
	/** Settles once the subscription is confirmed, or could not be had. */
	readonly live: Promise<void>;
	readonly #owner: ChannelOwner;
	readonly #decoder: Decoder;
	#subscription: Subscription | undefined;
	#ended = false;
	/** With history. */
	readonly #recovery: Recovery | undefined;
	/** When the store was last asked whether the channel is empty, as `performance.now()` gives it. */
	#askedAt = 0;
	#refreshing: Promise<void> | undefined;

	constructor(name: string, connector: Connector, owner: ChannelOwner) {
		this.name = name;
		this.#owner = owner;
		const { history } = connector;
		this.#decoder = new Decoder(name, history !== undefined, owner);
		if (history !== undefined) {
			this.log = new Log(history, this, owner.reads, owner.memory);
			this.#recovery = new Recovery(this, this.log, owner.restorations);
		}
		this.live = this.#subscribe(connector);
	}

	get ended(): boolean {
		return this.#ended;
	}

	async #subscribe(connector: Connector): Promise<void> {
		try {
			const subscription = await connector.subscribe(this.name, this);
			this.#subscription = subscription;
			// Everyone left while it was being set up.
			if (this.#ended) this.#unsubscribe();
			else if (this.log !== undefined) {
				this.position = subscription.position ?? (await this.log.head());
				this.#askedAt = performance.now();
				this.#owner.clock.learn(this.position);
				this.#recovery?.started();
			}
		} catch (error) {
			this.end();
			this.#owner.report(error, { stage: "subscribe", channel: this.name });
			throw error;
		}
	}

	/**
	 * Asks for a newer position of a channel that stays empty, for clients that come now: a store cannot tell what
	 * came after too old a one.
	 */
	refresh(): Promise<void> | undefined {
		const { log } = this;
		if (log === undefined || !isEmpty(this.position) || !this.#recovery?.isLive) return undefined;
		if (performance.now() - this.#askedAt > emptyFor) {
			this.#askedAt = performance.now();
			this.#refreshing = this.#refresh(log);
		}
		return this.#refreshing;
	}

	async #refresh(log: Log): Promise<void> {
		try {
			const head = await log.before(0);
			// What came or was lost meanwhile is after the position that the feed has.
			this.#owner.clock.learn(head);
			const unchanged = isEmpty(this.position) && this.#recovery?.isLive;
			if (unchanged && isEmpty(head)) this.position = head;
		} catch (error) {
			// The older position serves, too.
			this.report(error);
		}
	}

	onMessage(payload: string): void {
		if (this.#ended || this.#recovery?.holdBack(payload)) return;
		this.dispatch(payload, false);
	}

	dispatch(payload: string, judged: boolean): void {
		const decoded = this.#decoder.decode(payload);
		if (decoded === undefined) return;
		const position = decoded.storedAt;
		if (position !== undefined) {
			// The history may have been faster than the feed.
			if (!isAfter(position, this.position) || !isAfter(position, this.#passed)) return;
			if (this.#owner.clock.isAhead(position)) {
				if (judged) this.#decoder.drop(unstored());
				else this.#recovery?.check(payload);
				return;
			}
		}
		this.#dispatchTo(decoded, position);
	}

	#dispatchTo(decoded: Decoded, position: string | undefined): void {
		this.#owner.counters.messages++;
		if (position !== undefined) {
			this.position = position;
			this.log?.append(position, decoded);
		}
		for (const outlet of this.outlets) outlet.onMessage(this, decoded, position);
	}

	dispatchPage(page: Run): void {
		for (const decoded of page.messages) {
			const position = decoded.storedAt;
			if (position !== undefined && isAfter(position, this.position)) {
				this.#dispatchTo(decoded, position);
			}
		}
		this.#owner.clock.learn(page.end);
		// It may end at an entry that is no message.
		if (isAfter(page.end, this.position)) this.position = page.end;
	}

	learn(head: string): void {
		this.#owner.clock.learn(head);
	}

	gap(position: string): void {
		this.report(gapError(position));
		this.log?.forgetTail();
		for (const outlet of this.outlets) outlet.onGap(this, position);
	}

	moveTo(position: string, passed: string): void {
		this.position = position;
		this.#passed = passed;
	}

	decode(payload: string): Decoded | undefined {
		return this.#decoder.decode(payload);
	}

	report(error: unknown): void {
		this.#owner.report(error, { stage: "upstream", channel: this.name });
	}

	onLost(error: ConnectorError): void {
		this.report(error);
		if (!this.#ended) this.#recovery?.lost();
	}

	onRestored(): void {
		this.#owner.counters.reconnects++;
		if (!this.#ended) this.#recovery?.restored();
	}

	onDisconnect(disconnect: Disconnect): void {
		const named = { ...disconnect, channel: this.name };
		this.#owner.disconnect(named);
		for (const outlet of [...this.outlets]) outlet.onDisconnect?.(named);
	}

	onDegraded(error: ConnectorError): void {
		this.report(error);
	}

	onEnd(error: ConnectorError): void {
		if (this.#ended) return;
		this.#ended = true;
		this.log?.forgetTail();
		if (error.code !== "closed") this.report(error);
		this.#owner.channelEnded(this, error);
	}

	/** Leaves the broker. Nothing is delivered any more. */
	end(): void {
		if (this.#ended) return;
		this.#ended = true;
		this.log?.forgetTail();
		this.#unsubscribe();
	}

	#unsubscribe(): void {
		this.#subscription?.unsubscribe().catch((error: unknown) => {
			this.#owner.report(error, { stage: "unsubscribe", channel: this.name });
		});
	}
}
