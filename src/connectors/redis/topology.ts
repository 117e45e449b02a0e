import type { Subscription, SubscriptionHandlers } from "../../core/connector.ts";
import type { PublishCommand } from "../shared/redis-store.ts";
import type { Publisher } from "./publisher.ts";

/** How to publish and how to subscribe at a target: a server, or all of a Cluster's. */
export interface Topology {
	/** Where Redis is, for errors, without credentials. */
	readonly address: string;
	/** Whether several connections serve one channel in turn, as a Cluster's nodes do. */
	readonly isSpread: boolean;
	readonly publishCommand: PublishCommand;
	/** What the caller's own client puts before each of its keys. */
	readonly keyPrefix?: string | undefined;
	publisher(timeout: number): Publisher;
	subscriber(settings: SubscriberSettings): ChannelSubscriber;
}

export interface ChannelSubscriber {
	/** Resolves once Redis has confirmed it; rejects with a `ConnectorError` within the timeout. */
	subscribe(name: string, handlers: SubscriptionHandlers): Promise<Subscription>;
	/** Ends every subscription with `onEnd`. Idempotent. */
	close(): void;
}

/** How a subscriber behaves; times in ms. */
export interface SubscriberSettings {
	timeout: number;
	pingInterval: number;
	/** Called when the last subscription has gone, instead of keeping the connection for the next. */
	onIdle?: () => void;
	/** Called when channels went down with their connection, or are not to be had here. */
	onTrouble?: () => void;
	/** Called when the server said that a channel's slot has left it. */
	onMoved?: () => void;
	/** Rejects if a server that has just confirmed a subscription is not the one for it any more. */
	confirm?: () => Promise<void>;
}
