import type { Connection } from "../core/delivery/connection.ts";
import type { PresenceHost, Visitor } from "../core/presence-host.ts";
import { checkChannel, queryOf } from "../core/request/request.ts";
import { Lease } from "./lease.ts";
import type { Member } from "./members.ts";
import {
	type CheckedPresenceOptions,
	checkedData,
	checkedId,
	checkedMembersQuery,
	checkedPresence,
	type MembersQuery,
	type PresenceOptions,
} from "./options.ts";
import { Roster } from "./roster.ts";
import type { PresenceStore } from "./store.ts";
import { storeOn } from "./store-on.ts";
import { Watch } from "./watch.ts";

/** A `ServerSentEvents`, whatever its events. */
export interface PresenceBase {
	/** @internal */
	presenceHost(): PresenceHost;
}

/** A page of a channel's members. */
export interface Members<Data = unknown> {
	/** All members of the channel. */
	readonly occupancy: number;
	/** Those of this page, in the order of their ids. */
	readonly members: readonly Member<Data>[];
	/** For `after` of the next page. Absent: there is none. */
	readonly next?: string | undefined;
}

/** Channels in one word to other processes. */
const mostChannels = 100;

/**
 * Who is there: the members of channels, over all processes. A member is there while one of its streams is, and for a
 * `grace` after.
 *
 * @example
 * ```ts
 * const presence = new Presence(sse, { id: async (request) => (await userOf(request)).id });
 * const { occupancy, members } = await presence.members("room.7");
 * ```
 *
 * @throws {TypeError} when an option breaks its rule, or the `ServerSentEvents` has a `Presence` already.
 * @throws {ConfigurationError} when the connector cannot carry it; on first use, where the connector is made then.
 */
export class Presence<Data = unknown> {
	readonly #host: PresenceHost;
	readonly #options: CheckedPresenceOptions;
	readonly #roster: Roster;
	readonly #lease: Lease;
	readonly #watch: Watch;
	#store: PresenceStore | undefined;
	#closed = false;

	constructor(sse: PresenceBase, options: PresenceOptions) {
		if (typeof sse?.presenceHost !== "function") {
			throw new TypeError("Presence: the first argument must be a ServerSentEvents.");
		}
		const host = sse.presenceHost();
		this.#host = host;
		this.#options = checkedPresence(options);
		const store = () => this.#storeNow();
		const failed = (error: unknown, channel?: string) => this.#report(error, channel);
		const changed = (channels: readonly string[]) => this.#changed(channels);
		this.#lease = new Lease({
			...{ store, failed, changed, ttl: this.#options.ttl },
			isNeeded: () => !this.#roster.isEmpty || !this.#watch.isEmpty,
			forgotten: () => {
				this.#roster.rewrite();
				// By then the others have noticed, too, and written theirs again.
				this.#watch.lost((this.#options.ttl * 2) / 3);
			},
		});
		this.#roster = new Roster({
			...{ store, failed, changed, grace: this.#options.grace },
			process: () => this.#lease.process(),
		});
		this.#watch = new Watch({
			...{ store, failed },
			settled: (channel) => this.#roster.settled(channel),
			missing: () => {
				this.#watch.lost(this.#options.ttl / 3);
				this.#lease.refresh().then(() => this.#roster.rewrite(), failed);
			},
		});
		// What is known already is refused at once.
		if (typeof host.options.connector !== "function") store();
		host.watch({
			admit: (request, names) => this.#admit(request, names),
			close: () => this.#close(),
		});
		host.control.hear("presence", ({ channels }) => {
			if (Array.isArray(channels)) this.#watch.changed(channels.filter(isText));
		});
		host.control.onRestored = () => {
			if (this.#closed || (this.#roster.isEmpty && this.#watch.isEmpty)) return;
			// The store may be another one, or empty. The lease says so.
			this.#lease.refresh().then(() => this.#watch.lost(0), failed);
		};
	}

	/**
	 * A channel's members, page by page. To read them is a right of its own: ask for it before.
	 *
	 * @example
	 * ```ts
	 * for (let after: string | undefined = ""; after !== undefined; ) {
	 * 	const { members, next } = await presence.members("room.7", { after, limit: 500 });
	 * 	for (const { id } of members) console.log(id);
	 * 	after = next;
	 * }
	 * ```
	 *
	 * @throws {TypeError} (the promise rejects) when a field breaks its rule.
	 * @throws {ConnectorError} when the broker could not be reached, or refused.
	 */
	async members(channel: string, query: MembersQuery = {}): Promise<Members<Data>> {
		const { limit, after } = checkedMembersQuery(query);
		const store = await this.#swept(channel);
		const { occupancy, members, isFull } = await store.page(channel, after, limit);
		const found = { occupancy, members: members as readonly Member<Data>[] };
		return isFull ? { ...found, next: members.at(-1)?.id } : found;
	}

	/**
	 * How many members a channel has.
	 *
	 * @example
	 * ```ts
	 * const here = await presence.occupancy("room.7");
	 * ```
	 *
	 * @throws {TypeError} (the promise rejects) when the channel's name breaks a rule.
	 * @throws {ConnectorError} when the broker could not be reached, or refused.
	 */
	async occupancy(channel: string): Promise<number> {
		const store = await this.#swept(channel);
		return store.count(channel);
	}

	async #admit(request: Request, names: readonly string[]): Promise<Visitor | undefined> {
		// Before anything is written: a connector that cannot carry it is a mistake of the program.
		this.#storeNow();
		const [who, told] = await Promise.all([this.#whoIs(request), this.#told(request, names)]);
		if (who === undefined && told.length === 0) return undefined;
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

	/** Members stay for the grace, as if each were reloading: their clients come back elsewhere. */
	async #close(): Promise<void> {
		if (this.#closed) return;
		this.#closed = true;
		this.#watch.close();
		try {
			await this.#roster.close();
			await this.#lease.close(this.#options.grace);
		} catch (error) {
			this.#report(error);
		}
	}

	async #whoIs(request: Request): Promise<{ id: string; data: string } | undefined> {
		let id: string | undefined;
		try {
			id = checkedId(await this.#options.id(request));
			if (id === undefined) return undefined;
			return { id, data: checkedData(await this.#options.data?.(request, id)) };
		} catch (error) {
			this.#report(error);
			return id === undefined ? undefined : { id, data: "" };
		}
	}

	/** The channels of which a stream is told who comes and goes. */
	async #told(request: Request, names: readonly string[]): Promise<readonly string[]> {
		const { events } = this.#options;
		if (events === undefined || queryOf(request).get("presence") !== "1") return [];
		try {
			const verdict = await events(request, names);
			if (verdict === true) return names;
			return Array.isArray(verdict) ? names.filter((name) => verdict.includes(name)) : [];
		} catch (error) {
			this.#report(error);
			return [];
		}
	}

	/** Tells this process and all others that members came or went. Rejects when the others could not be told. */
	async #changed(channels: readonly string[]): Promise<void> {
		this.#watch.changed(channels);
		for (let at = 0; at < channels.length; at += mostChannels) {
			const some = channels.slice(at, at + mostChannels);
			await this.#host.control.send("presence", { channels: some });
		}
	}

	async #swept(channel: string): Promise<PresenceStore> {
		checkChannel(channel, this.#host.options.channels.allowed, "read");
		const store = this.#storeNow();
		await this.#lease.sweep();
		return store;
	}

	#storeNow(): PresenceStore {
		this.#store ??= storeOn(this.#host);
		return this.#store;
	}

	#report(error: unknown, channel?: string): void {
		this.#host.options.onError(error, {
			stage: "presence",
			...(channel !== undefined && { channel }),
		});
	}
}

function isText(value: unknown): value is string {
	return typeof value === "string";
}
