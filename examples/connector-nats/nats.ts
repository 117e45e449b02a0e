import {
	AuthorizationError,
	connect,
	deadline,
	type Msg,
	type NatsConnection,
	type Subscription,
} from "@nats-io/transport-node";
import { type Connector, ConnectorError, type SubscriptionHandlers } from "edge-sse";

/** A channel's name is any text, a subject is not. */
export const subjectOf = (channel: string) => `sse.${Buffer.from(channel).toString("base64url")}`;

/** A subscription; the same handlers may have several. */
interface Entry {
	handlers: SubscriptionHandlers;
}

/**
 * A way to NATS, for a user who may publish and subscribe to all of `sse.>`. It keeps no messages, and NATS does not
 * tell how many received one.
 */
export function nats(servers: string, { token = "", timeout = 3_000 } = {}): Connector {
	const live = new Set<Entry>();
	let opening: Promise<NatsConnection> | undefined;
	let isUp = false;
	let isClosed = false;

	async function open(): Promise<NatsConnection> {
		const reconnectDelayHandler = () => 100 + Math.random() * 400;
		const options = { servers, token, timeout, maxReconnectAttempts: -1, reconnectDelayHandler };
		const connection = await connect(options);
		isUp = true;
		void watch(connection);
		return connection;
	}

	async function watch(connection: NatsConnection): Promise<void> {
		for await (const { type } of connection.status()) {
			if (type === "disconnect" && isUp) {
				isUp = false;
				tell(live, ({ handlers }) => handlers.onLost(failure()));
			}
			// The client has subscribed again: once this is answered, the server has heard of it.
			if (type === "reconnect" && !isUp) connection.flush().then(restored, () => undefined);
		}
		// Closed by us, or by a server that refuses for good.
		isUp = false;
		opening = undefined;
		endAll(failure(await connection.closed()));
	}

	function restored(): void {
		if (isUp) return;
		isUp = true;
		tell(live, ({ handlers }) => handlers.onRestored());
	}

	function endAll(error: ConnectorError): void {
		tell(live, (each) => {
			live.delete(each);
			each.handlers.onEnd(error);
		});
	}

	/** Resolves when the server has answered, and so has done what it was told before. */
	async function call(act: (connection: NatsConnection) => void): Promise<void> {
		if (isClosed) throw failure();
		opening ??= open();
		const connection = await opening.catch((error: unknown) => {
			opening = undefined;
			throw failure(error);
		});
		if (isClosed || !isUp) throw failure();
		act(connection);
		await deadline(connection.flush(), timeout).catch((error: unknown) => {
			throw failure(error);
		});
		if (isClosed || !isUp) throw failure();
	}

	function failure(cause?: unknown): ConnectorError {
		if (isClosed) return new ConnectorError("closed", "This connector is closed.");
		const code = cause instanceof AuthorizationError ? "refused" : "unavailable";
		return new ConnectorError(code, `NATS: ${code}.`, { cause });
	}

	return {
		name: "nats",
		scope: "process",
		async publish(channel, payload) {
			await call((connection) => connection.publish(subjectOf(channel), payload));
			return { receivers: 0 };
		},
		async subscribe(channel, handlers) {
			const own = { handlers };
			let subscription: Subscription | undefined;
			const unsubscribe = async () => {
				live.delete(own);
				subscription?.unsubscribe();
			};
			try {
				await call((connection) => {
					const callback = (_: unknown, message: Msg) => {
						if (live.has(own)) tell([own], () => handlers.onMessage(message.string()));
					};
					subscription = connection.subscribe(subjectOf(channel), { callback });
				});
			} catch (error) {
				await unsubscribe();
				throw error;
			}
			live.add(own);
			return { unsubscribe };
		},
		check: () => call(() => undefined),
		async close() {
			isClosed = true;
			endAll(failure());
			const connection = await opening?.catch(() => undefined);
			await connection?.close();
		},
	};
}

/** A handler that throws is its owner's bug, and nobody else's. */
function tell(whom: Iterable<Entry>, what: (entry: Entry) => void): void {
	for (const each of whom) {
		try {
			what(each);
		} catch (error) {
			console.error("nats: a handler threw.", error);
		}
	}
}
