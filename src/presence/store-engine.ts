import type { Connection } from "../core/delivery/connection.ts";
import type { PresenceHost, Visitor } from "../core/presence-host.ts";
import type { Engine, EngineOptions, Who } from "./engine.ts";
import { Lease } from "./lease.ts";
import { Roster } from "./roster.ts";
import type { Page, PresenceStore } from "./store.ts";
import { Watch } from "./watch.ts";

/** Channels per announcement to other processes. */
const mostChannels = 100;

/** Members where processes write them to a store. */
export class StoreEngine implements Engine {
	readonly #host: PresenceHost;
	readonly #store: PresenceStore;
	readonly #grace: number;
	readonly #roster: Roster;
	readonly #lease: Lease;
	readonly #watch: Watch;
	#closed = false;

	constructor(host: PresenceHost, own: PresenceStore, { ttl, grace, failed }: EngineOptions) {
		this.#host = host;
		this.#store = own;
		this.#grace = grace;
		const store = () => own;
		const changed = (channels: readonly string[]) => this.#changed(channels);
		this.#lease = new Lease({
			...{ store, failed, changed, ttl },
			isNeeded: () => !this.#roster.isEmpty || !this.#watch.isEmpty,
			forgotten: () => {
				this.#roster.rewrite();
				// By then the other processes have noticed too, and have written their members again.
				this.#watch.lost((ttl * 2) / 3);
			},
		});
		this.#roster = new Roster({
			...{ store, failed, changed, grace },
			process: () => this.#lease.process(),
		});
		this.#watch = new Watch({
			...{ store, failed },
			written: (channel) => this.#roster.written(channel),
			missing: () => {
				this.#watch.lost(ttl / 3);
				this.#lease.refresh().then(() => this.#roster.rewrite(), failed);
			},
		});
		host.control.hear("presence", ({ channels }) => {
			if (Array.isArray(channels)) this.#watch.changed(channels.filter(isText));
		});
		host.control.onRestored = () => {
			if (this.#closed || (this.#roster.isEmpty && this.#watch.isEmpty)) return;
			// The store may be another one, or empty. Renewing the lease shows it.
			this.#lease.refresh().then(() => this.#watch.lost(0), failed);
		};
	}

	admit(who: Who | undefined, told: readonly string[], names: readonly string[]): Visitor {
		let connection: Connection | undefined;
		return {
			id: who?.id,
			began: (begun) => {
				if (this.#closed) return;
				connection = begun;
				this.#lease.start();
				if (who !== undefined) for (const name of names) this.#roster.join(name, who.id, who.data);
				for (const name of told) this.#watch.add(name, begun);
			},
			ended: () => {
				if (connection === undefined) return;
				if (who !== undefined) for (const name of names) this.#roster.leave(name, who.id);
				for (const name of told) this.#watch.delete(name, connection);
			},
		};
	}

	async count(channel: string): Promise<number> {
		await this.#lease.sweep();
		return this.#store.count(channel);
	}

	async page(channel: string, after: string, limit: number): Promise<Page> {
		await this.#lease.sweep();
		return this.#store.page(channel, after, limit);
	}

	/** Members stay for the grace, as if they were reloading: their clients reconnect elsewhere. */
	async close(): Promise<void> {
		this.#closed = true;
		this.#watch.close();
		await this.#roster.close();
		await this.#lease.close(this.#grace);
	}

	/** Tells this process and all others about joins and leaves. Rejects when the others could not be told. */
	async #changed(channels: readonly string[]): Promise<void> {
		this.#watch.changed(channels);
		for (let at = 0; at < channels.length; at += mostChannels) {
			const some = channels.slice(at, at + mostChannels);
			await this.#host.control.send("presence", { channels: some });
		}
	}
}

function isText(value: unknown): value is string {
	return typeof value === "string";
}
