import { type MemoryOptions, memory } from "../connectors/memory.ts";
import type {
	Connector,
	History,
	PublishResult,
	Subscription,
	SubscriptionHandlers,
} from "../core/connector.ts";
import { ConnectorError, closedError } from "../core/errors.ts";

/** The calls that can be made to fail. `history` means `read` and `head`. */
export type BrokerCall = "publish" | "subscribe" | "check" | "history";

/** Stands in for a broker, and fails when a test wants it to. */
export interface TestBroker {
	/** A connector to this broker. Each acts as a separate process. */
	connect(): Connector;
	/** Cuts every connection: subscriptions are lost, and calls reject with `unavailable`. */
	down(): void;
	/** Ends the outage: subscriptions are restored. */
	up(): void;
	/**
	 * Makes the next calls fail, on any connector.
	 *
	 * @param error `unavailable` by default.
	 * @param times how many of them; 1 by default.
	 */
	fail(call: BrokerCall, error?: ConnectorError, times?: number): void;
	/**
	 * Ends every subscription for good, like a broker that withdraws a permission. `refused` by
	 * default.
	 */
	end(error?: ConnectorError): Promise<void>;
	/**
	 * Publishes directly to the broker, down or not. The payload may be anything, also what is no
	 * message.
	 */
	publish(channel: string, payload: string): Promise<PublishResult>;
}

/**
 * A broker inside this process, for tests of what happens when a broker fails.
 *
 * @example
 * ```ts
 * import { ConnectorError, ServerSentEvents } from "edge-sse";
 * import { testBroker } from "edge-sse/testing";
 *
 * const broker = testBroker({ history: {} });
 * const sse = new ServerSentEvents({ connector: broker.connect() });
 * broker.down();
 * await broker.publish("news", '{"data":"meanwhile"}'); // by a publisher that still reaches it
 * broker.up(); // with history, streams now get what they missed
 * broker.fail("publish", new ConnectorError("refused", "No permission."));
 * ```
 *
 * @param options the options of `memory()`.
 * @throws {TypeError} when an option is unknown, or a limit is no whole number of 1 or more.
 */
export function testBroker(options: MemoryOptions = {}): TestBroker {
	const store = memory(options);
	const connections = new Set<Live>();
	const failures: { call: BrokerCall; error: ConnectorError }[] = [];
	let isDown = false;

	const answer = (call: BrokerCall) => {
		const at = failures.findIndex((failure) => failure.call === call);
		const [failure] = at < 0 ? [] : failures.splice(at, 1);
		if (failure !== undefined) throw failure.error;
		if (isDown) throw away();
	};
	const tellAll = (tell: (handlers: SubscriptionHandlers) => void) => {
		for (const live of connections) for (const each of [...live.keys()]) shielded(() => tell(each));
	};
	return {
		connect: () => connection({ store, connections, answer, isDown: () => isDown }),
		down: () => {
			if (isDown) return;
			isDown = true;
			tellAll((handlers) => handlers.onLost(away()));
		},
		up: () => {
			if (!isDown) return;
			isDown = false;
			tellAll((handlers) => handlers.onRestored());
		},
		fail: (call, error = away(), times = 1) => {
			failures.push(...Array.from({ length: times }, () => ({ call, error })));
		},
		end: async (error = new ConnectorError("refused", "Refused by the test.")) => {
			for (const live of connections) await endAll(live, error);
		},
		publish: (channel, payload) => store.publish(channel, payload),
	};
}

/** A connector's subscriptions: those that are live, or would be if the broker were up. */
type Live = Map<SubscriptionHandlers, Promise<Subscription>>;

interface Broker {
	store: Connector;
	connections: Set<Live>;
	/** @throws {ConnectorError} when the call is to fail. */
	answer(call: BrokerCall): void;
	isDown(): boolean;
}

function connection({ store, connections, answer, isDown }: Broker): Connector {
	const live: Live = new Map();
	connections.add(live);
	let closed = false;
	const call = (what: BrokerCall) => {
		if (closed) throw closedError("connector");
		answer(what);
	};
	return {
		name: "test broker",
		scope: "process",
		...(store.history !== undefined && { history: guarded(store.history, call) }),
		publish: async (...args) => {
			call("publish");
			return store.publish(...args);
		},
		publishAll: async (messages) => {
			if (closed) throw closedError("connector");
			return Promise.all(
				messages.map(async ({ channel, payload, ...options }) => {
					try {
						answer("publish");
						return await store.publish(channel, payload, options);
					} catch (error) {
						if (error instanceof ConnectorError) return { error };
						throw error;
					}
				}),
			);
		},
		subscribe: async (channel, handlers) => {
			call("subscribe");
			// One object per subscription, because the same handlers may subscribe twice.
			const own: SubscriptionHandlers = {
				onMessage: (payload) => {
					if (live.has(own) && !isDown()) handlers.onMessage(payload);
				},
				onLost: (error) => handlers.onLost(error),
				onRestored: () => handlers.onRestored(),
				onEnd: (error) => handlers.onEnd(error),
			};
			const subscribing = store.subscribe(channel, own);
			live.set(own, subscribing);
			const subscription = await subscribing;
			return {
				unsubscribe: () => {
					live.delete(own);
					return subscription.unsubscribe();
				},
			};
		},
		check: async () => call("check"),
		close: async () => {
			closed = true;
			await endAll(live, closedError("connector"));
			connections.delete(live);
		},
	};
}

function guarded(history: History, call: (what: BrokerCall) => void): History {
	return {
		read: async (...args) => {
			call("history");
			return history.read(...args);
		},
		head: async (...args) => {
			call("history");
			return history.head(...args);
		},
		forget: async (channel) => {
			call("history");
			await history.forget?.(channel);
		},
	};
}

async function endAll(live: Live, error: ConnectorError): Promise<void> {
	for (const [each, subscribing] of live) {
		// Removed before its handler runs. A handler may remove others.
		live.delete(each);
		shielded(() => each.onEnd(error));
		await (await subscribing).unsubscribe();
	}
}

const away = () => new ConnectorError("unavailable", "The test took the broker down.");

function shielded(tell: () => void): void {
	try {
		tell();
	} catch (error) {
		console.error("edge-sse: a subscription's handler threw.", error);
	}
}
