import type { Member } from "./members.ts";

/** A change of one member's entry. */
export interface Change {
	readonly id: string;
	/** JSON, or empty. Undefined: the entry is removed. */
	readonly data: string | undefined;
}

/** Some members of a channel, in the byte order of their ids. */
export interface Page {
	/** All members of the channel. */
	readonly occupancy: number;
	readonly members: readonly Member[];
	/** Whether there may be more. */
	readonly isFull: boolean;
}

/**
 * The store of members. An entry names its process. A member is present while it has an entry. Each method is one
 * atomic step by the store's own clock, except for `clear`.
 */
export interface PresenceStore {
	/**
	 * Renews the lease of a process. Each process whose lease has ended is handed to one caller, until the lease of that
	 * caller would end.
	 *
	 * @returns `isKnown`: the process had a lease. Otherwise its entries may be gone.
	 */
	refresh(process: string, ms: number): Promise<{ isKnown: boolean; lapsed: readonly string[] }>;
	/** Ends the lease of a process in this many ms. It is not renewed again. */
	retire(process: string, ms: number): Promise<void>;
	/** Notes that a process may have entries in these channels. */
	track(process: string, channels: readonly string[]): Promise<void>;
	untrack(process: string, channels: readonly string[]): Promise<void>;
	/** Some channels where a process may have entries. Empty: there are none. */
	tracked(process: string): Promise<readonly string[]>;
	/** Forgets a lapsed process. */
	drop(process: string): Promise<void>;
	/** @returns whether members came or went. */
	update(process: string, channel: string, changes: readonly Change[]): Promise<boolean>;
	/** Removes all entries of a process. @returns whether members went. */
	clear(process: string, channel: string): Promise<boolean>;
	count(channel: string): Promise<number>;
	/** @param after an id, present or not; `""`: from the beginning. */
	page(channel: string, after: string, limit: number): Promise<Page>;
}
