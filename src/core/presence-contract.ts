/**
 * What a connector offers to `edge-sse/presence`. `process`: all its streams are in this process. `redis`: it runs
 * commands. `objects`: each channel's object knows its own streams. `none`: it cannot, and why.
 *
 * @typeParam C the connector.
 */
export type PresenceBasis<C = unknown> =
	| { readonly kind: "process" }
	| { readonly kind: "none"; readonly why: string }
	| {
			readonly kind: "redis";
			/** Runs a command whose keys are all in the slot of the first. */
			run(key: string, make: () => readonly string[] | undefined): Promise<unknown>;
			/** Whether a script is sent whole each time, because each command is billed. */
			readonly sendsWhole: boolean;
			/** What keys begin with. */
			readonly keyPrefix: string;
	  }
	| {
			readonly kind: "objects";
			/** Makes a connector like this one for the stream of one guest. */
			as(guest: StreamGuest): C;
			/** A page of the members of a channel, in the order of their ids. */
			page(channel: string, after: string, limit: number): Promise<GuestPage>;
	  };

/** The member that a stream belongs to. Channels are named as the broker knows them. */
export interface StreamGuest {
	/** What the channel's object is to know of the stream: JSON. */
	textOf(channel: string): string;
	/** Members came or went, or all of them are listed. */
	onMembers(channel: string, told: object): void;
}

/** Some members of a channel. */
export interface GuestPage {
	/** All members of the channel. */
	readonly occupancy: number;
	readonly members: readonly { readonly id: string; readonly data?: unknown }[];
	/** There may be more. */
	readonly isFull: boolean;
}
