import type { Connector, PublishResult, Subscription, SubscriptionHandlers } from "../connector.ts";
import { type ConnectorError, type ErrorHandler, SseError } from "../errors.ts";
import { controlChannel } from "../request/request.ts";

/** What one process says to all. */
export interface ControlMessage {
	/** What kind of message it is. */
	readonly say: string;
	/** The instance that says it. */
	readonly from: string;
	readonly [field: string]: unknown;
}

interface ControlOptions {
	/** How long the subscription outlives the last stream, in ms. */
	readonly linger: number;
	readonly onError: ErrorHandler;
}

/** First and longest pause before a subscription that failed is tried again, in ms. */
const firstPause = 1_000;
const longestPause = 60_000;

/**
 * What processes say to each other: over a channel that no client can name and no publish
 * reaches. It is subscribed to while there are streams, and confirmed before the first of them
 * begins.
 *
 * Where I/O belongs to a request, each stream would need a second connection for it. So streams
 * there do not hear it.
 */
export class Control implements SubscriptionHandlers {
	readonly #connect: () => Connector;
	readonly #options: ControlOptions;
	readonly #hearers = new Map<string, (message: ControlMessage) => void>();
	/** Made on first use: Workers have no random numbers before the first request. */
	#id: string | undefined;
	#users = 0;
	#subscription: Promise<Subscription | undefined> | undefined;
	#isLive = false;
	#failures = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#closed = false;
	/** Called when the subscription is live again: messages may have been missed. */
	onRestored: () => void = () => undefined;

	constructor(connect: () => Connector, options: ControlOptions) {
		this.#connect = connect;
		this.#options = options;
	}

	/** Who hears messages of a kind: those of other instances. */
	hear(say: string, hearer: (message: ControlMessage) => void): void {
		this.#hearers.set(say, hearer);
	}

	/**
	 * A stream begins. Each call needs one call of `leave`.
	 *
	 * @returns settles when the subscription is confirmed, or has failed, which is reported.
	 *   Undefined: at once.
	 */
	enter(): Promise<unknown> | undefined {
		if (this.#connect().scope === "request") return undefined;
		const isFailing = this.#failures > 0;
		if (++this.#users === 1 && !isFailing) clearTimeout(this.#timer);
		return this.#isLive || this.#closed || isFailing ? undefined : this.#subscribe();
	}

	/** A stream is over. */
	leave(): void {
		if (this.#users === 0 || --this.#users > 0 || this.#closed) return;
		clearTimeout(this.#timer);
		const { linger } = this.#options;
		if (linger === 0) this.#unsubscribe();
		else this.#timer = setTimeout(() => this.#unsubscribe(), linger);
	}

	/** @throws {ConnectorError} when the broker is away or refuses. */
	send(say: string, fields: object): Promise<PublishResult> {
		this.#id ??= crypto.randomUUID();
		const text = JSON.stringify({ say, from: this.#id, ...fields });
		return this.#connect().publish(controlChannel, text, { keep: false });
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
	}

	onMessage(payload: string): void {
		const message = parsed(payload);
		if (message === undefined) {
			const error = new SseError("bad_message", "Dropped what is no control message.");
			this.#options.onError(error, { stage: "control" });
		} else if (message.from !== this.#id) this.#hearers.get(message.say)?.(message);
	}

	onLost(): void {
		// The streams' own subscriptions are lost with it, and reported.
	}

	onEnd(error: ConnectorError): void {
		this.#subscription = undefined;
		this.#isLive = false;
		if (error.code !== "closed") this.#failed(error);
	}

	#subscribe(): Promise<unknown> {
		if (this.#subscription !== undefined) return this.#subscription;
		const subscribing = this.#connect()
			.subscribe(controlChannel, this)
			.then(
				(subscription) => {
					if (this.#subscription === subscribing) this.#confirmed();
					return subscription;
				},
				(error) => {
					if (this.#subscription === subscribing) this.onEnd(error);
					return undefined;
				},
			);
		this.#subscription = subscribing;
		return subscribing;
	}

	#confirmed(): void {
		this.#isLive = true;
		const wasDown = this.#failures > 0;
		this.#failures = 0;
		if (wasDown) this.onRestored();
	}

	/**
	 * Tries again while there are streams. The second failure in a row is reported. The first usually comes with one of
	 * the streams' own subscriptions, which report it.
	 */
	#failed(cause: unknown): void {
		if (this.#closed) return;
		if (++this.#failures === 2) {
			const text =
				`This process does not hear what others say on the channel ${JSON.stringify(controlChannel)}, ` +
				"such as which streams to end. It tries again. Check that the broker's user may subscribe to it.";
			this.#options.onError(new SseError("unavailable", text, { cause }), { stage: "control" });
		}
		const pause = Math.min(longestPause, firstPause * 2 ** (this.#failures - 1));
		clearTimeout(this.#timer);
		this.#timer = setTimeout(
			() => (this.#users > 0 ? this.#subscribe() : this.#unsubscribe()),
			pause * (0.5 + Math.random() / 2),
		);
	}

	#unsubscribe(): void {
		const subscription = this.#subscription;
		this.#subscription = undefined;
		this.#isLive = false;
		this.#failures = 0;
		subscription
			?.then((live) => live?.unsubscribe())
			.catch((error: unknown) => this.#options.onError(error, { stage: "control" }));
	}
}

/** Undefined: it is not a control message. A publisher's message has `data`, and never `say`. */
function parsed(payload: string): ControlMessage | undefined {
	try {
		const message: unknown = JSON.parse(payload);
		const { say, from } = Object(message) as Record<string, unknown>;
		if (typeof say === "string" && typeof from === "string") return message as ControlMessage;
	} catch {
		// Some other program writes here.
	}
	return undefined;
}
