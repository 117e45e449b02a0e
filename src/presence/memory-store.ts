import type { Connector } from "../core/connector.ts";
import { idsAfter } from "../core/member-list.ts";
import { memberOf } from "./members.ts";
import type { Change, Page, PresenceStore } from "./store.ts";

/** The data, by member and then by process. */
type Entries = Map<string, Map<string, string>>;

const stores = /* @__PURE__ */ new WeakMap<Connector, MemoryStore>();

/** One store for all instances that share a connector. */
export function memoryStoreOf(connector: Connector): PresenceStore {
	const store = stores.get(connector) ?? new MemoryStore();
	stores.set(connector, store);
	return store;
}

/** Members within one process. */
class MemoryStore implements PresenceStore {
	readonly #channels = new Map<string, Entries>();
	/** The sorted ids of a channel; rebuilt after a join or a leave. */
	readonly #sorted = new Map<string, readonly string[]>();
	/** When the lease of each instance ends. */
	readonly #leases = new Map<string, number>();
	readonly #tracked = new Map<string, Set<string>>();

	async refresh(process: string, ms: number) {
		const now = performance.now();
		const isKnown = this.#leases.has(process);
		this.#leases.set(process, now + ms);
		const lapsed = [...this.#leases].filter(([, end]) => end < now).map(([name]) => name);
		for (const name of lapsed) this.#leases.set(name, now + ms);
		return { isKnown, lapsed };
	}

	async retire(process: string, ms: number): Promise<void> {
		this.#leases.set(process, performance.now() + ms);
	}

	async track(process: string, channels: readonly string[]): Promise<void> {
		const tracked = this.#tracked.get(process) ?? new Set();
		this.#tracked.set(process, tracked);
		for (const channel of channels) tracked.add(channel);
	}

	async untrack(process: string, channels: readonly string[]): Promise<void> {
		const tracked = this.#tracked.get(process);
		for (const channel of channels) tracked?.delete(channel);
		if (tracked?.size === 0) this.#tracked.delete(process);
	}

	async tracked(process: string): Promise<readonly string[]> {
		return [...(this.#tracked.get(process) ?? [])].slice(0, 100);
	}

	async drop(process: string): Promise<void> {
		this.#leases.delete(process);
		this.#tracked.delete(process);
	}

	async update(process: string, channel: string, changes: readonly Change[]): Promise<boolean> {
		const entries: Entries = this.#channels.get(channel) ?? new Map();
		let hasChanged = false;
		for (const { id, data } of changes) {
			const processes = entries.get(id) ?? new Map<string, string>();
			if (data !== undefined) {
				hasChanged ||= processes.size === 0;
				processes.set(process, data);
				entries.set(id, processes);
			} else if (processes.delete(process) && processes.size === 0) {
				entries.delete(id);
				hasChanged = true;
			}
		}
		if (entries.size > 0) this.#channels.set(channel, entries);
		else this.#channels.delete(channel);
		if (hasChanged) this.#sorted.delete(channel);
		return hasChanged;
	}

	async clear(process: string, channel: string): Promise<boolean> {
		const ids = [...(this.#channels.get(channel)?.keys() ?? [])];
		return this.update(
			process,
			channel,
			ids.map((id) => ({ id, data: undefined })),
		);
	}

	async count(channel: string): Promise<number> {
		return this.#channels.get(channel)?.size ?? 0;
	}

	async page(channel: string, after: string, limit: number): Promise<Page> {
		const entries = this.#channels.get(channel) ?? (new Map() as Entries);
		const ids = this.#sorted.get(channel) ?? [...entries.keys()].sort();
		if (entries.size > 0) this.#sorted.set(channel, ids);
		const members = idsAfter(ids, after, limit).map((id) => {
			const [data = ""] = entries.get(id)?.values() ?? [];
			return memberOf(id, data);
		});
		return { occupancy: entries.size, members, isFull: members.length === limit };
	}
}
