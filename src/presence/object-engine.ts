import { prefixed } from "../core/channel-prefix.ts";
import type { Connector, PresenceBasis } from "../core/connector.ts";
import type { PresenceHost, Visitor } from "../core/presence-host.ts";
import type { Engine, EngineOptions, Who } from "./engine.ts";
import { ObjectStream } from "./object-stream.ts";
import type { Page } from "./store.ts";

export type ObjectBasis = Extract<PresenceBasis<Connector>, { kind: "objects" }>;

/**
 * Members on Durable Objects. The object of each channel counts its own streams. The Worker names the member of a stream when
 * it opens the stream, and passes on what the object tells.
 */
export class ObjectEngine implements Engine {
	readonly #basis: ObjectBasis;
	readonly #prefix: string;
	readonly #options: EngineOptions;

	constructor(host: PresenceHost, basis: ObjectBasis, options: EngineOptions) {
		this.#basis = basis;
		this.#prefix = host.options.channels.prefix;
		this.#options = options;
	}

	admit(who: Who | undefined, told: readonly string[]): Visitor {
		const { grace, failed } = this.#options;
		const read = (name: string, limit: number) => this.page(name, "", limit);
		const stream = new ObjectStream({ read, failed });
		const sees = new Set(told);
		const prefix = this.#prefix;
		const connector = this.#basis.as({
			textOf: (channel) => {
				const isTold = sees.has(channel.slice(prefix.length));
				const text = JSON.stringify({ id: who?.id, grace, sees: isTold });
				return who?.data ? `${text.slice(0, -1)},"data":${who.data}}` : text;
			},
			onMembers: (channel, notice) => stream.tell(channel.slice(prefix.length), notice),
		});
		return {
			id: who?.id,
			connector: prefixed(connector, prefix),
			began: (connection) => stream.begin(connection),
			ended: () => stream.end(),
		};
	}

	async count(channel: string): Promise<number> {
		const { occupancy } = await this.#basis.page(this.#prefix + channel, "", 0);
		return occupancy;
	}

	page(channel: string, after: string, limit: number): Promise<Page> {
		return this.#basis.page(this.#prefix + channel, after, limit);
	}

	async close(): Promise<void> {
		// The objects learn of the end from their sockets.
	}
}
