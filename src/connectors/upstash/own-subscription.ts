import type { Subscription, SubscriptionHandlers } from "../../core/connector.ts";
import { type ConnectorError, closedError } from "../../core/errors.ts";
import { callHandler } from "../shared/handlers.ts";

/** A subscription as its connector sees it: it begins once, it may be lost and restored, and it ends once. */
export abstract class OwnSubscription implements Subscription {
	readonly #handlers: SubscriptionHandlers;
	readonly #onDone: (subscription: OwnSubscription) => void;
	protected done = false;
	protected lost = false;
	#started = false;

	/** @param onDone called once, when it is over for any reason. */
	constructor(handlers: SubscriptionHandlers, onDone: (subscription: OwnSubscription) => void) {
		this.#handlers = handlers;
		this.#onDone = onDone;
	}

	/** @throws {ConnectorError} when the broker does not confirm. */
	protected abstract open(): Promise<void>;
	/** Ends what it has running. No handler is called any more. */
	protected abstract release(): void;

	/** @throws {ConnectorError} when the broker does not confirm. Nothing is left behind. */
	async start(): Promise<void> {
		try {
			await this.open();
		} catch (error) {
			this.#finish();
			throw error;
		}
		// A handler may have closed the connector when it got a message with the confirmation.
		if (this.done) throw closedError("subscription");
		this.#started = true;
	}

	async unsubscribe(): Promise<void> {
		this.#finish();
	}

	/** The connector closes, or the broker refuses for good. */
	end(error: ConnectorError): void {
		if (this.done) return;
		this.#finish();
		// Otherwise `start` rejects with the same error.
		if (this.#started) callHandler(this.#handlers, "onEnd", error);
	}

	protected tell<Name extends keyof SubscriptionHandlers>(
		name: Name,
		...args: Parameters<NonNullable<SubscriptionHandlers[Name]>>
	): void {
		if (!this.done) callHandler(this.#handlers, name, ...args);
	}

	protected tellLost(error: ConnectorError): void {
		this.lost = true;
		this.tell("onLost", error);
	}

	protected tellRestored(): void {
		this.lost = false;
		this.tell("onRestored");
	}

	#finish(): void {
		if (this.done) return;
		this.done = true;
		this.release();
		this.#onDone(this);
	}
}
