import type { Subscription, SubscriptionHandlers } from "../../../core/connector.ts";
import type { ConnectorError } from "../../../core/errors.ts";
import { slotOf } from "../../shared/redis-slot.ts";
import { within } from "../../shared/timeout.ts";
import type { RedisDriver, RedisLink } from "../driver.ts";
import { closed, moved, toConnectorError, unanswered } from "../errors.ts";
import { Heartbeat } from "../heartbeat.ts";
import { Listener } from "../listener.ts";
import { assertMaster, oncePerTurn } from "../master.ts";
import { Subscriber } from "../subscriber.ts";
import type { ChannelSubscriber, SubscriberSettings } from "../topology.ts";
import type { Cluster } from "./cluster.ts";
import { ClusterPublisher } from "./publisher.ts";

/** First and longest pause before the nodes are asked again while something is amiss, in ms. */
const firstPause = 50;
const longestPause = 1_000;

/** One subscription, and the node that it is placed at. */
interface Placement {
	readonly name: string;
	readonly slot: number;
	readonly listener: Listener;
	node: string | undefined;
	detach: () => Promise<void>;
}

/**
 * Subscribes to each channel at the node that serves its slot, over one connection to each such node, and
 * moves with the slot. Classic pub/sub would do at any node; but a message that reaches a node over the
 * Cluster's bus can get lost there with nobody told, whereas at the node that published it either it is
 * handed over or the connection is seen to break.
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
		// Not every move is announced, and a connection to a node that was demoted may live on.
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

	/** Forgets those that have left or were refused. */
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

	/** Subscribes at the node that serves the slot, as far as that is known, and nowhere else. */
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

	/** While any subscription is not live: finds out who serves its slot now. One at a time. */
	async #watch(): Promise<void> {
		if (this.#watching || this.#closed) return;
		this.#watching = true;
		for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
			// A subscription whose node is known needs a moment to be confirmed, and nothing more.
			if (this.#cluster.map.isKnown || pause > firstPause) await this.#pause(pause);
			this.#sweep();
			const amiss = [...this.#placements].some(({ listener }) => !listener.isLive);
			if (this.#closed || !amiss) break;
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
			// It will be refused everywhere; those that still live may go on.
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
	 * node-redis does not notice that the server has ended a sharded subscription when it owes us another answer at
	 * that moment. A look at the slots shows the loss, unless the slot has come back before. Never rejects.
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
		// This concerns one slot and not a whole fleet: no reason to wait.
		const onMoved = () => void this.#look().then(onTrouble);
		// A demoted server ends every subscription: one that is live shows that it was not. Looked for once a turn,
		// for each of ten thousand that subscribe together would go through all of them.
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

	/** Half of it is chance, so that a fleet does not ask in step. */
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
	// Placed nowhere yet, it has nothing to leave.
}
