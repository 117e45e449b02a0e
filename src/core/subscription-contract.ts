import type { Disconnect } from "./control/disconnect.ts";
import type { ConnectorError } from "./errors.ts";

/**
 * What a connector tells the owner of a subscription. It calls none of these after
 * `unsubscribe()`, or after `onEnd`.
 */
export interface SubscriptionHandlers {
	/** One payload, exactly as it was published. */
	onMessage(payload: string): void;
	/** The subscription was live and is lost. The connector is already reconnecting. */
	onLost(error: ConnectorError): void;
	/** The subscription is live again. Messages published in between may be missing. */
	onRestored(): void;
	/**
	 * The subscription works, by a way that is slower or costs more. The error says why. Optional.
	 */
	onDegraded?(error: ConnectorError): void;
	/** Streams of the channel are to be ended: those of one client, or all. Optional. */
	onDisconnect?(disconnect: Disconnect): void;
	/** The subscription is over for good: it was refused, or `close()` was called. */
	onEnd(error: ConnectorError): void;
}

/** A live subscription to one channel. */
export interface Subscription {
	/**
	 * The position of the newest message when the subscription became live, as `history.head`
	 * returns it. A connector that learns it as it subscribes saves its channel that call. Optional.
	 */
	readonly position?: string | undefined;
	/** Ends the subscription. Idempotent; see U1 to U3 of `Connector`. */
	unsubscribe(): Promise<void>;
}
