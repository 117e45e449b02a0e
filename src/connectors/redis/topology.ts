import type { Subscription, SubscriptionHandlers } from "../../core/connector.ts";
import type { PublishCommand } from "../shared/redis-store.ts";
import type { Publisher } from "./publisher.ts";

/** How to publish and subscribe at a target: a server, or a whole Cluster. */
export interface Topology {
	/** Where Redis is, for errors, without credentials. */
	readonly address: string;
	/** Whether several connections serve one channel in turn, as a Cluster's nodes do. */
	readonly isSpread: boolean;
	readonly publishCommand: PublishCommand;
	/** The prefix that the caller's own client puts before each key. */
	readonly keyPrefix?: string | undefined;
	publisher(timeout: number): Publisher;
	subscriber(settings: SubscriberSettings): ChannelSubscriber;
}

export interface ChannelSubscriber {
	/** Resolves once Redis has confirmed it. Rejects with a `ConnectorError` within the timeout. */
	subscribe(name: string, handlers: SubscriptionHandlers): Promise<Subscription>;
	/** Ends every subscription with `onEnd`. Idempotent. */
	close(): void;
}

/** Settings of a subscriber. Times are in ms. */
export interface SubscriberSettings {
	timeout: number;
	pingInterval: number;
	/** Called after the last subscription, instead of keeping the connection for the next. */
	onIdle?: () => void;
	/** Called when channels were lost with their connection, or cannot be subscribed to here. */
	onTrouble?: () => void;
	/** Called when the server says that a channel's slot has left it. */
	onMoved?: () => void;
	/** Rejects when a server that has just confirmed a subscription is no longer the right one. */
	confirm?: () => Promise<void>;
}
