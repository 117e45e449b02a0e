import type { SubscriptionHandlers } from "../../core/connector.ts";
import type { RedisHistory } from "../shared/redis-history.ts";
import type { Run } from "../shared/redis-script.ts";
import type { RedisStore } from "../shared/redis-store.ts";
import type { OwnSubscription } from "./own-subscription.ts";
import type { Supervision } from "./renewal.ts";

/** What a fallback reads the history with. */
export interface FallbackHost {
	readonly scope: "process" | "request";
	readonly history: RedisHistory;
	readonly store: RedisStore;
	readonly run: Run;
	readonly supervision: Supervision;
}

/** Makes subscriptions that do without a stream where none can be had. */
export interface Fallback {
	/** Whether a channel does without a stream now. */
	readonly isUsed: boolean;
	/** @param onDone called once, when it is over for any reason. */
	subscription(
		supervision: Supervision,
		channel: string,
		handlers: SubscriptionHandlers,
		onDone: (subscription: OwnSubscription) => void,
	): OwnSubscription;
}

/** What follows channels that cannot be streamed. `polling()` makes it. */
export interface UpstashFallback {
	/** Called by the connector, once. */
	attach(host: FallbackHost): Fallback;
}
