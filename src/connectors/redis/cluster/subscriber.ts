import type { Subscription, SubscriptionHandlers } from "../../../core/connector.ts";
import type { ConnectorError } from "../../../core/errors.ts";
import { Listener } from "../../shared/listener.ts";
import { slotOf } from "../../shared/redis-slot.ts";
import { within } from "../../shared/timeout.ts";
import type { RedisDriver, RedisLink } from "../driver.ts";
import { closed, moved, toConnectorError, unanswered } from "../errors.ts";
import { Heartbeat } from "../heartbeat.ts";
import { assertMaster, oncePerTurn } from "../master.ts";
import { Subscriber } from "../subscriber.ts";
import type { ChannelSubscriber, SubscriberSettings } from "../topology.ts";
import type { Cluster } from "./cluster.ts";
import { ClusterPublisher } from "./publisher.ts";

/**
 * First and longest pause between two rounds of questions while a subscription is not live, in
 * ms.
 */
const firstPause = 50;
const longestPause = 1_000;

/** One subscription, and the node where it is placed. */
interface Placement {
	readonly name: string;
	readonly slot: number;
	readonly listener: Listener;
	node: string | undefined;
	detach: () => Promise<void>;
}

/**
 * Subscribes to each channel at the node that serves its slot, over one connection per node,
 * and follows the slot. Classic pub/sub works at any node, but the Cluster's bus may silently
 * lose a message on its way there. The node that published the message either delivers it, or
 * its connection visibly breaks.
 */
export class ClusterSubscriber implements ChannelSubscriber {
	readonly #cluster: Cluster;
	readonly #settings: SubscriberSettings;
	readonly #topology: ClusterPublisher;
	readonly #heartbeat: Heartbeat;
	readonly #nodes = new Map<string, Subscriber>();
	readonly #placements = new Set<Placement>();
	#lastError: ConnectorError | undefined;
	#watching = false;
	#skipPause: (() => void) | undefined;
	#closed = false;

	constructor(cluster: Cluster, settings: SubscriberSettings) {
		this.#cluster = cluster;
		this.#settings = settings;
		this.#topology = new ClusterPublisher(cluster, settings.timeout);
		// Some moves are not announced, and a connection to a demoted node may live on.
		this.#heartbeat = new Heartbeat(settings.pingInterval, async () => {
			await this.#look();
			await this.#verify();
		});
	}

	async subscribe(name: string, handlers: SubscriptionHandlers): Promise<Subscription> {
		if (this.#closed) throw closed();
		const listener = new Listener(handlers);
		const slot = slotOf(name);
		const placement: Placement = { name, slot, listener, node: undefined, detach: nothing };
		this.#placements.add(placement);
		this.#heartbeat.start();
		this.#place(placement);
		void this.#watch();
		const { timeout } = this.#settings;
		const late = () => this.#whyNot(placement) ?? unanswered(this.#cluster.address, timeout);
		try {
			await within(listener.settled, timeout, late);
		} catch (error) {
			// Not awaited: the caller's time is up. It never rejects.
			void this.#leave(placement);
			throw error;
		}
		return { unsubscribe: () => this.#leave(placement) };
	}

	close(): void {
		this.#closed = true;
		this.#heartbeat.stop();
		for (const { listener } of this.#placements) listener.end(closed());
		this.#placements.clear();
		for (const node of this.#nodes.values()) node.close();
		this.#topology.close();
		this.#skipPause?.();
	}

	async #leave(placement: Placement): Promise<void> {
		placement.listener.leave();
		const left = placement.detach();
		this.#sweep();
		await left;
	}

	/** Drops subscriptions that have left or were refused. */
	#sweep(): void {
		const before = this.#placements.size;
		for (const placement of this.#placements) {
			if (placement.listener.isEnded) this.#placements.delete(placement);
		}
		if (before === 0 || this.#placements.size > 0) return;
		this.#heartbeat.stop();
		this.#skipPause?.();
		this.#settings.onIdle?.();
	}

	/** Subscribes only at the node that serves the slot, if it is known. */
	#place(placement: Placement): void {
		const { name, slot, listener, node: before, detach } = placement;
		const owner = this.#cluster.map.owner(slot);
		if (owner === undefined || owner === before) return;
		placement.node = owner;
		if (before !== undefined) listener.down(moved(name, before));
		// It never rejects.
		void detach();
		placement.detach = this.#node(owner).attach(name, listener);
	}

	/** Asks who serves the slots while any subscription is not live. One watch runs at a time. */
	async #watch(): Promise<void> {
		if (this.#watching || this.#closed) return;
		this.#watching = true;
		for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
			// A subscription at a known node only needs a moment to be confirmed.
			if (this.#cluster.map.isKnown || pause > firstPause) await this.#pause(pause);
			this.#sweep();
			const isSomeDown = [...this.#placements].some(({ listener }) => !listener.isLive);
			if (this.#closed || !isSomeDown) break;
			await this.#look();
		}
		this.#watching = false;
	}

	/** Never rejects. */
	async #look(): Promise<void> {
		try {
			await this.#topology.refresh();
			this.#lastError = undefined;
		} catch (error) {
			this.#lastError = toConnectorError(error, this.#cluster.address);
		}
		if (this.#closed) return;
		for (const placement of this.#placements) {
			const { listener } = placement;
			// Every node will refuse it. Live subscriptions may go on.
			if (this.#lastError?.code === "refused" && !listener.isLive) listener.end(this.#lastError);
			else this.#place(placement);
		}
		this.#sweep();
		const { owners } = this.#cluster.map;
		for (const [address, node] of this.#nodes) {
			node.rejoin();
			if (node.size > 0 || owners.has(address)) continue;
			node.close();
			this.#nodes.delete(address);
		}
	}

	/**
	 * node-redis misses the end of a sharded subscription when the server owes it another answer
	 * at that moment. A look at the slots shows the loss, unless the slot has come back before.
	 * Never rejects.
	 */
	async #verify(): Promise<void> {
		const checks = [...this.#nodes].map(([address, node]) =>
			node.verify((client) => this.#topology.countSharded(address, client)),
		);
		await Promise.all(checks);
	}

	#node(address: string): Subscriber {
		const known = this.#nodes.get(address);
		if (known !== undefined) return known;
		const { timeout, pingInterval } = this.#settings;
		const onTrouble = () => void this.#watch();
		// This concerns one slot and not many processes, so there is no reason to wait.
		const onMoved = () => void this.#look().then(onTrouble);
		// A demoted server ends every subscription, so one live subscription shows that it was not
		// demoted. Checked once per turn: otherwise each of ten thousand subscriptions would go
		// through all of them.
		const confirm = oncePerTurn(async () => {
			if (node.live.length === 0) await this.#topology.assertMaster(address);
		});
		const settings = { timeout, pingInterval, onTrouble, onMoved, confirm };
		const node = new Subscriber(this.#masterDriver(address), settings);
		this.#nodes.set(address, node);
		return node;
	}

	#masterDriver(address: string): RedisDriver {
		const driver = this.#cluster.driver(address);
		const check = (link: RedisLink) => assertMaster(address, () => link.command(["ROLE"]));
		return { ...driver, check };
	}

	#whyNot({ node }: Placement): ConnectorError | undefined {
		return this.#nodes.get(node ?? "")?.lastError ?? this.#lastError;
	}

	/** Half of it is random, so that many processes do not ask at the same time. */
	async #pause(ms: number): Promise<void> {
		await new Promise<void>((resolve) => {
			const end = () => {
				clearTimeout(timer);
				this.#skipPause = undefined;
				resolve();
			};
			const timer = setTimeout(end, ms * (0.5 + Math.random() / 2));
			this.#skipPause = end;
		});
	}
}

async function nothing(): Promise<void> {
	// It is placed nowhere yet, so it has nothing to leave.
}
