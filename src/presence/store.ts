import type { Member } from "./members.ts";

/** What becomes of one member's entry. */
export interface Change {
	readonly id: string;
	/** JSON, or nothing. Undefined: the entry goes. */
	readonly data: string | undefined;
}

/** Some members of a channel, in the order of their ids' bytes. */
export interface Page {
	/** All members of the channel. */
	readonly occupancy: number;
	readonly members: readonly Member[];
	/** There may be more. */
	readonly isFull: boolean;
}

/**
 * Where it is kept who is there. An entry names its process. A member is there while it has one. Each of these is one
 * atomic step, but for `clear`, by the store's own clock.
 */
export interface PresenceStore {
	/**
	 * Extends the lease of a process. Each process whose lease has ended is handed to one caller, until that one's own lease
	 * would end.
	 *
	 * @returns `isKnown`: the process had a lease. Otherwise its entries may be gone.
	 */
	refresh(process: string, ms: number): Promise<{ isKnown: boolean; lapsed: readonly string[] }>;
	/** Ends the lease of a process so long from now; it is not extended any more. */
	retire(process: string, ms: number): Promise<void>;
	/** Notes that a process may have entries in these channels. */
	track(process: string, channels: readonly string[]): Promise<void>;
	untrack(process: string, channels: readonly string[]): Promise<void>;
	/** Some of the channels in which a process may have entries; none: it has none anywhere. */
	tracked(process: string): Promise<readonly string[]>;
	/** Takes a lapsed process out. */
	drop(process: string): Promise<void>;
	/** @returns whether members came or went. */
	update(process: string, channel: string, changes: readonly Change[]): Promise<boolean>;
	/** Removes all entries of a process. @returns whether members went. */
	clear(process: string, channel: string): Promise<boolean>;
	count(channel: string): Promise<number>;
	/** @param after an id, there or not; `""`: from the beginning. */
	page(channel: string, after: string, limit: number): Promise<Page>;
}
