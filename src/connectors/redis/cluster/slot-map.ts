/** The node at `owner` serves the slots `from` to `to`. */
interface Range {
	from: number;
	to: number;
	owner: string;
}

/**
 * Which node of a Cluster serves which slot. It is plain data, so it may outlive connections,
 * for example between the requests of a Worker.
 */
export class ClusterMap {
	/** `host:port` of the nodes to begin with. */
	readonly #seeds: readonly string[];
	readonly #moved = new Map<number, string>();
	#ranges: readonly Range[] = [];
	#nodes: readonly string[] = [];

	constructor(seeds: readonly string[]) {
		this.#seeds = seeds;
	}

	get isKnown(): boolean {
		return this.#ranges.length > 0;
	}

	/** Every node that may be asked, replicas included: one of them may soon be a master. */
	get nodes(): readonly string[] {
		return [...new Set([...this.#nodes, ...this.#seeds])];
	}

	/** The nodes that serve slots. */
	get owners(): ReadonlySet<string> {
		return new Set([...this.#moved.values(), ...this.#ranges.map(({ owner }) => owner)]);
	}

	owner(slot: number): string | undefined {
		return (
			this.#moved.get(slot) ??
			this.#ranges.find(({ from, to }) => from <= slot && slot <= to)?.owner
		);
	}

	/** A node reported one slot's new owner. The next `update` brings the rest. */
	move(slot: number, owner: string): void {
		this.#moved.set(slot, owner);
	}

	/**
	 * Takes the answer of the node at `asked` to CLUSTER SLOTS:
	 * https://redis.io/docs/latest/commands/cluster-slots/
	 */
	update(reply: unknown, asked: string): void {
		const nodes: string[] = [];
		const ranges: Range[] = [];
		for (const [from, to, ...members] of reply as [number, number, ...unknown[][]][]) {
			const addresses = members.map(([host, port]) => resolved(`${given(host)}:${port}`, asked));
			nodes.push(...addresses);
			const [owner] = addresses;
			if (owner !== undefined) ranges.push({ from: Number(from), to: Number(to), owner });
		}
		// A node that was reset, or is in no Cluster yet, knows no slots.
		if (ranges.length === 0) return;
		this.#nodes = nodes;
		this.#ranges = ranges;
		this.#moved.clear();
	}
}

/** A node that does not know its own address leaves out the host. It is where we reached it. */
export function resolved(address: string, asked: string): string {
	return address.startsWith(":") ? `${hostOf(asked)}${address}` : address;
}

export function hostOf(address: string): string {
	return address.slice(0, address.lastIndexOf(":"));
}

export function portOf(address: string): number {
	return Number(address.slice(address.lastIndexOf(":") + 1));
}

function given(host: unknown): string {
	return host === null || host === "?" ? "" : String(host);
}
