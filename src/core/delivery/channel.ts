import type { Connector, Subscription, SubscriptionHandlers } from "../connector.ts";
import { type ConnectorError, gapError } from "../errors.ts";
import type { Page } from "../history/page.ts";
import { Reader } from "../history/reader.ts";
import { Decoder, type DecoderOwner } from "../message/decoder.ts";
import type { Decoded } from "../message/envelope.ts";
import { beginning, isAfter, isEmpty } from "../message/position.ts";
import type { Semaphore } from "../scheduling.ts";

/** What a channel's messages go to: the streams of one list of channels, or a `messages()`. */
export interface Outlet {
	/** @param position of a message that the history keeps. */
	onMessage(channel: Channel, decoded: Decoded, position: string | undefined): void;
	/** Messages after `position` may be missing, and cannot be had any more. */
	onGap(channel: Channel, position: string): void;
	onEnd(channel: Channel, error: ConnectorError): void;
}

/** What all channels of one hub share. */
export interface ChannelOwner extends DecoderOwner {
	/** Reads of the history for clients. */
	readonly reads: Semaphore;
	/** Reads for channels whose subscription was lost. */
	readonly restorations: Semaphore;
	channelEnded(channel: Channel, error: ConnectorError): void;
}

/** What is held back while the history is read, in UTF-16 code units; past it, it is read again. */
const heldLimit = 4_194_304;

/** How old an empty position may be that a new client is given, in ms. */
const emptyFor = 5_000;

/**
 * One channel of this process: one upstream subscription, however many clients. A payload is
 * decoded here once, and passed on in the broker's order, each stored message once.
 */
export class Channel implements SubscriptionHandlers {
	readonly name: string;
	/** With history. */
	readonly reader: Reader | undefined;
	readonly outlets = new Set<Outlet>();
	/** How many hold the channel, those included that still wait for it to go live. */
	users = 0;
	/** Where the feed stands: the last stored message that was passed on. With history only. */
	position = beginning;
	/** What is not after it was passed on before the store was emptied, and may come again. */
	#passed = beginning;
	/** Settles once the subscription is confirmed, or could not be had. */
	readonly live: Promise<void>;
	readonly #owner: ChannelOwner;
	readonly #decoder: Decoder;
	#subscription: Subscription | undefined;
	#ended = false;
	/** What came while the history is read, to be passed on after it; undefined: nothing is held. */
	#held: string[] | undefined;
	#heldSize = 0;
	#heldTooMuch = false;
	/** Whether it is known where the feed stands. */
	#standing = false;
	#lost = false;
	#restoring = false;
	#restorations = 0;
	/** When it was last asked whether the channel is empty, as `performance.now()` has it. */
	#askedAt = 0;
	#refreshing: Promise<void> | undefined;

	constructor(name: string, connector: Connector, owner: ChannelOwner) {
		this.name = name;
		this.#owner = owner;
		const { history } = connector;
		this.#decoder = new Decoder(name, history !== undefined, owner);
		if (history !== undefined) {
			this.reader = new Reader(history, name, owner.reads, {
				standing: () => this.position,
				decode: (payload) => this.#decoder.decode(payload),
				// What the feed has not brought yet is passed on at once, so that the two never disagree.
				onPage: (page) => page.covers(this.position) && this.#passPage(page),
			});
		}
		this.live = this.#subscribe(connector);
	}

	get ended(): boolean {
		return this.#ended;
	}

	async #subscribe(connector: Connector): Promise<void> {
		if (this.reader !== undefined) this.#hold();
		try {
			this.#subscription = await connector.subscribe(this.name, this);
			// Everyone left while it was being set up.
			if (this.#ended) this.#unsubscribe();
			else if (this.reader !== undefined) {
				this.position = await this.reader.head();
				this.#askedAt = performance.now();
				this.#standing = true;
				if (this.#heldTooMuch || this.#restorations > 0) void this.#restore(this.reader);
				else if (!this.#lost) this.#letGo();
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
		const { reader } = this;
		if (reader === undefined || !isEmpty(this.position) || this.#held !== undefined)
			return undefined;
		if (performance.now() - this.#askedAt > emptyFor) {
			this.#askedAt = performance.now();
			this.#refreshing = this.#refresh(reader);
		}
		return this.#refreshing;
	}

	async #refresh(reader: Reader): Promise<void> {
		try {
			const head = await reader.back(0);
			// What came or was lost meanwhile is after the position that the feed has.
			const unchanged = isEmpty(this.position) && this.#held === undefined;
			if (unchanged && isEmpty(head)) this.position = head;
		} catch (error) {
			// The older position serves, too.
			this.#owner.report(error, { stage: "upstream", channel: this.name });
		}
	}

	onMessage(payload: string): void {
		if (this.#ended) return;
		if (this.#held === undefined) this.#pass(payload);
		else {
			this.#heldSize += payload.length;
			this.#held.push(payload);
			if (this.#heldSize <= heldLimit) return;
			this.#held = [];
			this.#heldSize = 0;
			this.#heldTooMuch = true;
		}
	}

	#pass(payload: string): void {
		const decoded = this.#decoder.decode(payload);
		if (decoded === undefined) return;
		const position = decoded.storedAt;
		// The history may have been faster than the feed.
		if (position !== undefined) {
			if (!isAfter(position, this.position) || !isAfter(position, this.#passed)) return;
		}
		this.#passOn(decoded, position);
	}

	#passOn(decoded: Decoded, position: string | undefined): void {
		this.#owner.counters.messages++;
		this.position = position ?? this.position;
		for (const outlet of this.outlets) outlet.onMessage(this, decoded, position);
	}

	onLost(error: ConnectorError): void {
		this.#owner.report(error, { stage: "upstream", channel: this.name });
		if (this.reader === undefined || this.#ended) return;
		this.#lost = true;
		// From now on: what is new may arrive just before the word that the subscription is back.
		this.#hold();
	}

	/** With history: reads what was missed before anything newer is passed on. */
	onRestored(): void {
		this.#owner.counters.reconnects++;
		if (this.reader === undefined || this.#ended) return;
		this.#lost = false;
		this.#hold();
		// It may have been lost and restored while the last restoration was still reading.
		this.#restorations++;
		// Before it is known where the feed stands, nothing can be missing.
		if (this.#standing && !this.#restoring) void this.#restore(this.reader);
	}

	/** Reads until there was nothing more, and nothing was lost since that read began. */
	async #restore(reader: Reader): Promise<void> {
		this.#restoring = true;
		let pause = 100;
		while (!this.#ended && !this.#lost) {
			const restorations = this.#restorations;
			this.#heldTooMuch = false;
			try {
				const more = await this.#owner.restorations.run(() => this.#goOn(reader));
				// What is held is let go within this very turn: a loss that comes now has its own restoration.
				if (!more && !this.#heldTooMuch && restorations === this.#restorations) break;
			} catch (error) {
				this.#owner.report(error, { stage: "upstream", channel: this.name });
				await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
				pause = Math.min(pause * 2, 5_000);
			}
		}
		this.#restoring = false;
		// Lost again: what is held waits for the next restoration.
		if (!this.#lost) this.#letGo();
	}

	/**
	 * Passes on what is kept after where the feed stands; where that is not kept, what there is after the gap.
	 *
	 * @returns whether there is more.
	 */
	async #goOn(reader: Reader): Promise<boolean> {
		const from = this.position;
		let page = await reader.readNow(from);
		let head = from;
		if (!page.covers(from) && page.isEmpty) {
			// The store is another one, or has lost its end. What is published meanwhile comes after the gap.
			head = await reader.head();
			page = await reader.readNow(from);
		}
		// Nothing is awaited from here on: whoever comes back to this position is told as well.
		const { position } = this;
		if (!page.covers(position) && !isAfter(position, page.end)) {
			this.#owner.report(gapError(position), { stage: "upstream", channel: this.name });
			for (const outlet of this.outlets) outlet.onGap(this, position);
			if (page.isEmpty) {
				// Unless the clock of the new store is behind: then all that it gives is new.
				this.#passed = isEmpty(head) && !isAfter(position, head.slice(1)) ? position : beginning;
				this.position = head;
			}
		}
		if (!page.isEmpty) this.#passPage(page);
		return page.more;
	}

	#passPage(page: Page): void {
		for (const decoded of page.messages) {
			const position = decoded.storedAt;
			if (position !== undefined && isAfter(position, this.position)) {
				this.#passOn(decoded, position);
			}
		}
		// It may end at a place where nothing was published.
		if (isAfter(page.end, this.position)) this.position = page.end;
	}

	#hold(): void {
		this.#held ??= [];
	}

	#letGo(): void {
		const held = this.#held ?? [];
		this.#held = undefined;
		this.#heldSize = 0;
		for (const payload of held) this.#pass(payload);
	}

	onEnd(error: ConnectorError): void {
		if (this.#ended) return;
		this.#ended = true;
		if (error.code !== "closed")
			this.#owner.report(error, { stage: "upstream", channel: this.name });
		this.#owner.channelEnded(this, error);
	}

	/** Leaves the broker. Nothing is delivered any more. */
	end(): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#unsubscribe();
	}

	#unsubscribe(): void {
		this.#subscription?.unsubscribe().catch((error: unknown) => {
			this.#owner.report(error, { stage: "unsubscribe", channel: this.name });
		});
	}
}
