import type { ObjectState } from "cloudflare:workers";
import { memory } from "../connectors/memory.ts";
import type { HistoryLimits } from "../connectors/shared/history-limits.ts";
import { LocalRuns } from "../connectors/shared/local-runs.ts";
import type { Connector } from "../core/connector.ts";
import { ConnectorError } from "../core/errors.ts";
import type { RunStore } from "../core/run-store.ts";
import type { Guest } from "./guest.ts";
import type { Members } from "./members.ts";
import type { Ending } from "./protocol.ts";
import { RelaySockets } from "./relay-sockets.ts";
import { HibernatingSockets, type SocketLimits, withSockets } from "./sockets.ts";
import { SqlHistory } from "./sql-history.ts";
import { SqlRuns } from "./sql-runs.ts";
import { type KeepingConnector, keepingBroker, keepsHistory } from "./with-history.ts";

/** What an object publishes to and subscribes from. */
export interface Broker {
	/** For Workers that want no history. */
	plain: Connector;
	/** For Workers that want one. Undefined: the upstream has none. */
	keeping: KeepingConnector | undefined;
	/** The object's own history, when it is its own broker. */
	store?: SqlHistory;
	/** What frees the object's own run. */
	ownRuns?: SqlRuns;
	/** Undefined: the upstream has none. */
	runs: RunStore | undefined;
	/**
	 * Takes a Worker's socket, which is sent the channel's payloads.
	 *
	 * @param guest the member behind the stream.
	 * @param wait how long the list of members is held back, in ms.
	 * @param keeps whether the Worker wants history. Then the answer may say the channel's position.
	 * @throws {ConnectorError} when that cannot be.
	 */
	accept(
		channel: string,
		guest: Guest | undefined,
		wait: number,
		keeps: boolean,
	): Promise<Response>;
	/**
	 * Tells the Workers which of their streams to end.
	 *
	 * @returns how many heard it.
	 */
	disconnect(ending: Ending): number;
	/** The members behind the object's streams, and behind its Workers'. */
	members: Members;
	/** The sockets that outlive the object's memory, when it is its own broker. */
	sockets?: HibernatingSockets;
}

/** What `brokerOf` needs of its object. */
export interface BrokerOwner {
	/** Undefined: the object is its own broker. */
	readonly upstream: Connector | undefined;
	readonly ctx: ObjectState;
	readonly limits: SocketLimits;
	/** How long an upstream's subscription outlives the last socket, in ms. */
	readonly linger: number;
}

export function brokerOf({ upstream, ctx, limits, linger }: BrokerOwner): Broker {
	if (upstream !== undefined) {
		const keeping = keepsHistory(upstream) ? upstream : undefined;
		const relay = new RelaySockets(upstream, limits, linger);
		const accept = relay.accept.bind(relay);
		const disconnect = relay.disconnect.bind(relay);
		const { members } = relay;
		return { plain: upstream, keeping, runs: upstream.runs, accept, disconnect, members };
	}
	const { storage } = ctx;
	const sockets = new HibernatingSockets(ctx, limits);
	const plain = withSockets(memory(), sockets);
	const store = new SqlHistory(storage);
	const ownRuns = new SqlRuns(storage, store, (channel, payload) => {
		// It delivers before it returns, and only a handler's owner hears of a handler that throws.
		plain.publish(channel, payload).catch((error) => console.error("edge-sse:", error));
	});
	const runs = new LocalRuns(ownRuns);
	const keeping = keepingBroker(plain, store);
	// Both within this turn: what is published after the position comes on the socket.
	const accept = async (_: string, guest: Guest | undefined, wait: number, keeps: boolean) =>
		sockets.accept(keeps ? store.position() : undefined, guest, wait);
	const disconnect = (ending: Ending) => sockets.disconnect(ending);
	const { members } = sockets;
	return { plain, keeping, store, ownRuns, runs, accept, disconnect, members, sockets };
}

/**
 * The broker for a Worker that wants history.
 *
 * @throws {ConnectorError} `refused` when the upstream has none.
 */
export function keepingOf({ keeping, store }: Broker, limits: HistoryLimits): KeepingConnector {
	if (store !== undefined) store.limits = limits;
	if (keeping !== undefined) return keeping;
	throw new ConnectorError(
		"refused",
		"history: the channel's object relays, and its upstream keeps none. Turn it on there, or leave it out.",
	);
}
