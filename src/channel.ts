import type { Connector, History, Subscription, SubscriptionHandlers } from "./connector.ts";
import { type Decoded, decode } from "./envelope.ts";
import type { ConnectorError, ErrorHandler } from "./errors.ts";
import { Page } from "./page.ts";
import { beginning, isAfter } from "./position.ts";

/** What a channel's messages go to: the streams of one list of channels, or a `messages()`. */
export interface Outlet {
	/** @param position of a message that the history keeps. */
	onMessage(channel: Channel, decoded: Decoded, position: string | undefined): void;
	/** Messages after `position` may be missing, and cannot be had any more. */
	onGap(channel: Channel, position: string): void;
	onEnd(channel: Channel, error: ConnectorError): void;
}

/** Messages in one read of the history. */
const pageSize = 500;

/** Dropped messages of a channel are reported this often at most, in ms. */
const droppedPause = 1_000;

/** What is held back while the history is read, in UTF-16 code units; past it, it is read again. */
const heldLimit = 4_194_304;

/**
 * One channel of this process: one upstream subscription, however many clients. A payload is
 * decoded here once, and passed on in the broker's order, each stored message once.
 */
export class Channel implements SubscriptionHandlers {
	readonly name: string;
	readonly history: History | undefined;
	readonly outlets = new Set<Outlet>();
	/** How many hold the channel, those included that still wait for it to go live. */
	users = 0;
	/** Where the feed stands: the last stored message that was passed on. With history only. */
	position = beginning;
	/** Settles once the subscription is confirmed, or could not be had. */
	readonly live: Promise<void>;
	readonly #report: ErrorHandler;
	readonly #onEnd: (channel: Channel, error: ConnectorError) => void;
	readonly #reads = new Map<string, Promise<Page>>();
	#subscription: Subscription | undefined;
	#ended = false;
	/** What came while the history is read, to be passed on after it; undefined: nothing is held. */
	#held: string[] | undefined;
	#heldSize = 0;
	#heldTooMuch = false;
	#restoring = false;
	#restorations = 0;
	#quietUntil = 0;

	constructor(
		name: string,
		connector: Connector,
		report: ErrorHandler,
		onEnd: (channel: Channel, error: ConnectorError) => void,
	) {
		this.name = name;
		this.history = connector.history;
		this.#report = report;
		this.#onEnd = onEnd;
		this.live = this.#subscribe(connector);
	}

	get ended(): boolean {
		return this.#ended;
	}

	async #subscribe(connector: Connector): Promise<void> {
		if (this.history !== undefined) this.#hold();
		try {
			this.#subscription = await connector.subscribe(this.name, this);
			// Everyone left while it was being set up.
			if (this.#ended) this.#unsubscribe();
			else if (this.history !== undefined) {
				this.position = await this.history.head(this.name);
				if (this.#heldTooMuch) void this.#restore();
				else this.#letGo();
			}
		} catch (error) {
			this.end();
			this.#report(error, { stage: "subscribe", channel: this.name });
			throw error;
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
		const decoded = this.#decode(payload);
		if (decoded === undefined) return;
		const position = this.history === undefined ? undefined : decoded.storedAt;
		if (position !== undefined) {
			// The history may have been faster than the feed.
			if (!isAfter(position, this.position)) return;
			this.position = position;
		}
		for (const outlet of this.outlets) outlet.onMessage(this, decoded, position);
	}

	#decode(payload: string): Decoded | undefined {
		try {
			return decode(payload, this.history !== undefined);
		} catch (error) {
			this.#reportDropped(error);
			return undefined;
		}
	}

	// Anyone can ask for another application's busy channel, and must not flood the log with it.
	#reportDropped(error: unknown): void {
		const now = Date.now();
		if (now < this.#quietUntil) return;
		this.#quietUntil = now + droppedPause;
		this.#report(error, { stage: "decode", channel: this.name });
	}

	/**
	 * A page of what is kept after a position. Whoever asks for the same meanwhile shares the read. What it
	 * has that the feed has not brought yet is passed on at once, so that the two never disagree.
	 *
	 * @throws {ConnectorError} when the broker is away.
	 */
	read(after: string): Promise<Page> {
		const shared = this.#reads.get(after);
		if (shared !== undefined) return shared;
		const reading = this.#read(after).finally(() => this.#reads.delete(after));
		this.#reads.set(after, reading);
		return reading;
	}

	async #read(after: string): Promise<Page> {
		if (this.history === undefined) throw new TypeError("This connector keeps no history.");
		const page = new Page(after, await this.history.read(this.name, after, pageSize), (payload) =>
			this.#decode(payload),
		);
		if (page.covers(this.position)) this.#passPage(page);
		return page;
	}

	onLost(error: ConnectorError): void {
		this.#report(error, { stage: "upstream", channel: this.name });
	}

	/** With history: reads what was missed before anything newer is passed on. */
	onRestored(): void {
		if (this.history === undefined || this.#ended) return;
		this.#hold();
		// It may have been lost and restored while the last restoration was still reading.
		this.#restorations++;
		if (!this.#restoring) void this.#restore();
	}

	async #restore(): Promise<void> {
		this.#restoring = true;
		for (let pause = 100; !this.#ended; pause = Math.min(pause * 2, 5_000)) {
			try {
				await this.#catchUp();
				break;
			} catch (error) {
				this.#report(error, { stage: "upstream", channel: this.name });
				await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
			}
		}
		this.#restoring = false;
		this.#letGo();
	}

	/** Reads until there was nothing more, and nothing was lost since that read began. */
	async #catchUp(): Promise<void> {
		for (;;) {
			const from = this.position;
			const restorations = this.#restorations;
			this.#heldTooMuch = false;
			// Not shared: a read that began before the feed was back may end before it, too.
			const page = await this.#read(from);
			if (!page.covers(from)) {
				for (const outlet of this.outlets) outlet.onGap(this, from);
				if (page.messages.length === 0) this.position = await this.#head();
				this.#passPage(page);
			}
			const again = page.more || this.#heldTooMuch || restorations !== this.#restorations;
			if (!again) return;
		}
	}

	#passPage(page: Page): void {
		for (const decoded of page.messages) {
			const position = decoded.storedAt;
			if (position === undefined || !isAfter(position, this.position)) continue;
			this.position = position;
			for (const outlet of this.outlets) outlet.onMessage(this, decoded, position);
		}
	}

	async #head(): Promise<string> {
		return (await this.history?.head(this.name)) ?? beginning;
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
		if (error.code !== "closed") this.#report(error, { stage: "upstream", channel: this.name });
		this.#onEnd(this, error);
	}

	/** Leaves the broker. Nothing is delivered any more. */
	end(): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#unsubscribe();
	}

	#unsubscribe(): void {
		this.#subscription?.unsubscribe().catch((error: unknown) => {
			this.#report(error, { stage: "unsubscribe", channel: this.name });
		});
	}
}
