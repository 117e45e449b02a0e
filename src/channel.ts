import type { Connection } from "./connection.ts";
import type { Connector, Subscription, SubscriptionHandlers } from "./connector.ts";
import { decode } from "./envelope.ts";
import type { ConnectorError, ErrorHandler } from "./errors.ts";
import type { Message } from "./message.ts";
import { atEndOfTurn } from "./turn.ts";

/** A reader of messages inside this process: `messages()`. */
export interface Listener {
	/** `size` is the payload's length, in UTF-16 code units. */
	onMessage(message: Message, size: number): void;
	onEnd(error: ConnectorError): void;
}

const encoder = new TextEncoder();

/**
 * One channel of this process: one upstream subscription, however many clients. A payload is
 * decoded and framed here once; what arrived in one turn of the event loop is encoded once, and the
 * same bytes go to everyone.
 */
export class Channel implements SubscriptionHandlers {
	readonly name: string;
	readonly connections = new Set<Connection>();
	readonly listeners = new Set<Listener>();
	/** How many hold the channel, those included that still wait for it to go live. */
	users = 0;
	/** Settles once the subscription is confirmed, or could not be had. */
	readonly live: Promise<void>;
	readonly #report: ErrorHandler;
	readonly #onEnd: (channel: Channel, error: ConnectorError) => void;
	#subscription: Subscription | undefined;
	#ended = false;
	#pending = "";

	constructor(
		name: string,
		connector: Connector,
		report: ErrorHandler,
		onEnd: (channel: Channel, error: ConnectorError) => void,
	) {
		this.name = name;
		this.#report = report;
		this.#onEnd = onEnd;
		this.live = this.#subscribe(connector);
	}

	async #subscribe(connector: Connector): Promise<void> {
		try {
			this.#subscription = await connector.subscribe(this.name, this);
		} catch (error) {
			this.#ended = true;
			this.#report(error, { stage: "subscribe", channel: this.name });
			throw error;
		}
		// Everyone left while it was being set up.
		if (this.#ended) this.#unsubscribe();
	}

	onMessage(payload: string): void {
		if (this.#ended) return;
		let decoded: ReturnType<typeof decode>;
		try {
			decoded = decode(payload);
		} catch (error) {
			this.#report(error, { stage: "decode", channel: this.name });
			return;
		}
		for (const listener of this.listeners) listener.onMessage(decoded.message, payload.length);
		if (this.connections.size === 0) return;
		if (this.#pending === "") atEndOfTurn(this.#flush);
		this.#pending += decoded.frame;
	}

	readonly #flush = (): void => {
		const bytes = encoder.encode(this.#pending);
		this.#pending = "";
		for (const connection of this.connections) connection.write(bytes);
	};

	onLost(error: ConnectorError): void {
		this.#report(error, { stage: "upstream", channel: this.name });
	}

	onRestored(): void {
		// Without history there is nothing to catch up with: the feed simply goes on.
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
