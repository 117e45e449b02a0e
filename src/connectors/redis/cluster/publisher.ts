import { ConnectorError } from "../../../core/errors.ts";
import type { Make } from "../../shared/redis-script.ts";
import { slotOf } from "../../shared/redis-slot.ts";
import { within } from "../../shared/timeout.ts";
import type { RedisLink } from "../driver.ts";
import { closed, redirection, unanswered } from "../errors.ts";
import { assertMaster } from "../master.ts";
import { LinkPublisher, type Publisher } from "../publisher.ts";
import type { Cluster } from "./cluster.ts";
import { resolved } from "./slot-map.ts";

/** How often nodes may redirect one command. */
const mostHops = 16;

/**
 * Runs each command at the node of its key's slot, over one connection per node. PUBLISH works
 * at any node, but only messages through one node have one order.
 */
export class ClusterPublisher implements Publisher {
	readonly #cluster: Cluster;
	readonly #timeout: number;
	/** How long to wait for one node before asking another, in ms. */
	readonly #patience: number;
	readonly #nodes = new Map<string, LinkPublisher>();
	#refreshing: Promise<void> | undefined;
	#closed = false;

	constructor(cluster: Cluster, timeout: number) {
		this.#cluster = cluster;
		this.#timeout = timeout;
		this.#patience = timeout / 3;
	}

	async run(key: string, make: Make, ms: number): Promise<unknown> {
		const deadline = performance.now() + ms;
		const slot = slotOf(key);
		let { address, link } = await this.#reach(slot, deadline);
		let asking = false;
		for (let hop = 0; hop < mostHops; hop++) {
			try {
				return await this.#node(address).send(link, make, this.#timeout, asking);
			} catch (error) {
				const elsewhere = redirection(error);
				if (elsewhere === undefined) throw error;
				const next = resolved(elsewhere.address, address);
				asking = elsewhere.ask;
				if (asking) {
					address = next;
					link = await this.#node(next).connected(left(deadline));
				} else {
					this.#cluster.map.move(slot, next);
					({ address, link } = await this.#reach(slot, deadline));
				}
			}
		}
		const message = `The nodes of ${this.#cluster.address} do not agree on who serves slot ${slot}. Check that the Cluster is in order.`;
		throw new ConnectorError("unavailable", message);
	}

	/** Asks one node after another for the slots. Rejects when none can tell. */
	refresh(): Promise<void> {
		this.#refreshing ??= this.#refresh().finally(() => {
			this.#refreshing = undefined;
		});
		return this.#refreshing;
	}

	/**
	 * How many sharded channels a client of the node is subscribed to. Undefined: the node cannot
	 * tell.
	 */
	async countSharded(address: string, client: string): Promise<number | undefined> {
		try {
			const found = /\bssub=(\d+)/.exec(
				String(await this.#ask(address, "CLIENT", "LIST", "ID", client)),
			);
			return found === null ? undefined : Number(found[1]);
		} catch {
			// The node is down, which others notice. Or this user may not ask, or the server is old.
			return undefined;
		}
	}

	/** @throws {ConnectorError} `unavailable` when the node is a replica, or does not answer. */
	async assertMaster(address: string): Promise<void> {
		await assertMaster(address, () => this.#ask(address, "ROLE"));
	}

	close(): void {
		this.#closed = true;
		for (const node of this.#nodes.values()) node.close();
	}

	/** A connection to the node that serves the slot now. */
	async #reach(slot: number, deadline: number): Promise<{ address: string; link: RedisLink }> {
		const { map } = this.#cluster;
		for (;;) {
			const address = map.owner(slot);
			try {
				if (address !== undefined) {
					const patience = Math.min(this.#patience, left(deadline));
					return { address, link: await this.#node(address).connected(patience) };
				}
				await this.#refreshBy(deadline);
			} catch (error) {
				if (!isUnavailable(error) || left(deadline) <= 0) throw error;
				// Another node may have taken its place. If no node can tell, waiting is all that is left.
				if (address !== undefined) await this.#refreshBy(deadline).catch(unlessRefused);
				continue;
			}
			if (map.owner(slot) !== undefined) continue;
			const message = `No node of ${this.#cluster.address} serves slot ${slot}. Check that the Cluster is complete.`;
			throw new ConnectorError("unavailable", message);
		}
	}

	#refreshBy(deadline: number): Promise<void> {
		const late = () => unanswered(this.#cluster.address, this.#timeout);
		return within(this.refresh(), left(deadline), late);
	}

	async #refresh(): Promise<void> {
		const { map } = this.#cluster;
		const nodes = shuffled(map.nodes);
		const connected = nodes.filter((address) => this.#nodes.get(address)?.isConnected);
		let doubtful: (() => void) | undefined;
		let failure: unknown;
		for (const address of new Set([...connected, ...nodes])) {
			try {
				const slots = await this.#ask(address, "CLUSTER", "SLOTS");
				if (await this.#isInOrder(address)) return map.update(slots, address);
				doubtful ??= () => map.update(slots, address);
			} catch (error) {
				if (failure === undefined || !isUnavailable(error)) failure = error;
			}
		}
		if (doubtful === undefined) throw failure;
		doubtful();
	}

	/** False for a node that is cut off from the others, which may have elected another. */
	async #isInOrder(address: string): Promise<boolean> {
		// A user that may not ask can still do everything else.
		const info = await this.#ask(address, "CLUSTER", "INFO").catch(unlessUnavailable);
		return info === undefined || /^cluster_state:ok/m.test(String(info));
	}

	async #ask(address: string, ...command: string[]): Promise<unknown> {
		const node = this.#node(address);
		return node.send(await node.connected(this.#patience), () => command, this.#patience);
	}

	#node(address: string): LinkPublisher {
		if (this.#closed) throw closed();
		let node = this.#nodes.get(address);
		if (node === undefined) {
			node = new LinkPublisher(this.#cluster.driver(address), this.#timeout);
			this.#nodes.set(address, node);
		}
		return node;
	}
}

function left(deadline: number): number {
	return Math.max(0, deadline - performance.now());
}

function isUnavailable(error: unknown): boolean {
	return error instanceof ConnectorError && error.code === "unavailable";
}

function unlessRefused(error: unknown): void {
	if (!isUnavailable(error)) throw error;
}

function unlessUnavailable(error: unknown): void {
	if (isUnavailable(error)) throw error;
}

/** Keeps processes from all asking the same node. */
function shuffled<T>(items: readonly T[]): T[] {
	return items
		.map((item) => ({ item, order: Math.random() }))
		.sort((a, b) => a.order - b.order)
		.map(({ item }) => item);
}
