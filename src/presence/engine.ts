import type { Visitor } from "../core/presence-host.ts";
import type { Page } from "./store.ts";

/** The member that a stream belongs to. */
export interface Who {
	readonly id: string;
	/** JSON; `""`: no data. */
	readonly data: string;
}

/** Counts members, and tells streams about them. There is one engine per kind of broker. */
export interface Engine {
	/**
	 * A stream of these channels is about to begin.
	 *
	 * @param who undefined: the stream belongs to no member.
	 * @param told the channels whose joins and leaves the stream is told.
	 */
	admit(who: Who | undefined, told: readonly string[], names: readonly string[]): Visitor;
	/** @throws {ConnectorError} when the broker is away or refuses. */
	count(channel: string): Promise<number>;
	/**
	 * @param after an id, there or not; `""`: from the beginning.
	 * @throws {ConnectorError} when the broker is away or refuses.
	 */
	page(channel: string, after: string, limit: number): Promise<Page>;
	/** The instance closes. */
	close(): Promise<void>;
}

export interface EngineOptions {
	/** In ms. */
	readonly ttl: number;
	/** In ms. */
	readonly grace: number;
	failed(error: unknown, channel?: string): void;
}
