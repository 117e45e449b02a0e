import type { Visitor } from "../core/presence-host.ts";
import type { Page } from "./store.ts";

/** Whose a stream is. */
export interface Who {
	readonly id: string;
	/** JSON; `""`: nothing. */
	readonly data: string;
}

/** What counts members, and tells streams of them: one for each kind of broker. */
export interface Engine {
	/**
	 * A stream of these channels is about to begin.
	 *
	 * @param who undefined: it is nobody's.
	 * @param told the channels of which it is told who comes and goes.
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
