import type { PresenceHost, Visitor } from "../core/presence-host.ts";
import { checkChannel, queryOf } from "../core/request/request.ts";
import type { Engine, Who } from "./engine.ts";
import { engineOn } from "./engine-on.ts";
import type { Member } from "./members.ts";
import {
	type CheckedPresenceOptions,
	checkedData,
	checkedId,
	checkedMembersQuery,
	checkedPresence,
	checkedVerdict,
	type MembersQuery,
	type PresenceOptions,
} from "./options.ts";
import { settled } from "./settled.ts";

/** A `ServerSentEvents` with any events. */
export interface PresenceBase {
	/** @internal */
	presenceHost(): PresenceHost;
}

/** A page of a channel's members. */
export interface Members<Data = unknown> {
	/** All members of the channel. */
	readonly occupancy: number;
	/** The members of this page, ordered by id. */
	readonly members: readonly Member<Data>[];
	/** The value for `after` of the next page. Absent: this is the last page. */
	readonly next?: string | undefined;
}

/**
 * The members of channels, over all processes. A member is present while it has a stream, and for a `grace`
 * after.
 *
 * @example
 * ```ts
 * const presence = new Presence(sse, { id: async (request) => (await userOf(request)).id });
 * const { occupancy, members } = await presence.members("room.7");
 * ```
 *
 * @throws {TypeError} when an option breaks its rule, or the `ServerSentEvents` already has a `Presence`.
 * @throws {ConfigurationError} when the connector does not support it; on first use, if the connector is made then.
 */
export class Presence<Data = unknown> {
	readonly #host: PresenceHost;
	readonly #options: CheckedPresenceOptions;
	#engine: Engine | undefined;
	#closed = false;

	constructor(sse: PresenceBase, options: PresenceOptions) {
		if (typeof sse?.presenceHost !== "function") {
			throw new TypeError("Presence: the first argument must be a ServerSentEvents.");
		}
		const host = sse.presenceHost();
		this.#host = host;
		this.#options = checkedPresence(options);
		// A connector that exists already is checked at once.
		if (typeof host.options.connector !== "function") this.#engineNow();
		host.watch({
			admit: (request, names) => this.#admit(request, names),
			close: () => this.#close(),
		});
	}

	/**
	 * A channel's members, page by page. Check the reader's right before you call it.
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
		const engine = this.#engineOf(channel);
		const { occupancy, members, isFull } = await engine.page(channel, after, limit);
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
		return this.#engineOf(channel).count(channel);
	}

	async #admit(request: Request, names: readonly string[]): Promise<Visitor | undefined> {
		// This comes before any write: an unsupported connector is a mistake of the program.
		const engine = this.#engineNow();
		const [who, told] = await Promise.all([this.#whoIs(request), this.#told(request, names)]);
		if (who === undefined && told.length === 0) return undefined;
		return engine.admit(who, told, names);
	}

	async #close(): Promise<void> {
		if (this.#closed) return;
		this.#closed = true;
		try {
			await this.#engine?.close();
		} catch (error) {
			this.#report(error);
		}
	}

	async #whoIs(request: Request): Promise<Who | undefined> {
		let id: string | undefined;
		try {
			id = checkedId(await settled("id", this.#options.id(request)));
			if (id === undefined) return undefined;
			const data = await settled("data", this.#options.data?.(request, id));
			return { id, data: checkedData(data) };
		} catch (error) {
			this.#report(error);
			return id === undefined ? undefined : { id, data: "" };
		}
	}

	/** The channels whose joins and leaves a stream is told. */
	async #told(request: Request, names: readonly string[]): Promise<readonly string[]> {
		const { events } = this.#options;
		if (events === undefined || queryOf(request).get("presence") !== "1") return [];
		try {
			const verdict = checkedVerdict(await settled("events", events(request, names)));
			if (typeof verdict === "boolean") return verdict ? names : [];
			return names.filter((name) => verdict.includes(name));
		} catch (error) {
			this.#report(error);
			return [];
		}
	}

	#engineOf(channel: string): Engine {
		checkChannel(channel, this.#host.options.channels.allowed, "read");
		return this.#engineNow();
	}

	#engineNow(): Engine {
		this.#engine ??= engineOn(this.#host, {
			...this.#options,
			failed: (error, channel) => this.#report(error, channel),
		});
		return this.#engine;
	}

	#report(error: unknown, channel?: string): void {
		this.#host.options.onError(error, {
			stage: "presence",
			...(channel !== undefined && { channel }),
		});
	}
}
