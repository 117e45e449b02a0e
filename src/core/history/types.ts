import type { Reader } from "./reader.ts";

/** What a replay needs of a channel. */
export interface ReplayChannel {
	readonly name: string;
	/** Where the feed stands. */
	readonly position: string;
	/** With history. */
	readonly reader: Reader | undefined;
}

/** What a replay needs of a client's connection. */
export interface ReplayClient {
	readonly isOpen: boolean;
	/** Whether it has read most of what it was sent. */
	readonly isDrained: boolean;
	/** @returns false, and nothing is written, when it has more unread than it may. */
	write(bytes: Uint8Array): boolean;
	/** It reads too slowly: breaks the stream. */
	disconnect(reason: "slow"): void;
	/** Ends the stream cleanly, with a time to come back of its own. */
	askToReconnect(): void;
}

/** What a replay needs of the live feed that it leads to. */
export interface ReplayFeed<Client extends ReplayClient> {
	readonly names: readonly string[];
	readonly channels: readonly ReplayChannel[];
	/** How many streams it has, those included that are just being taken in. */
	readonly users: number;
	/** Sends what is pending. */
	flush(): void;
	/** Whether a client at these positions has all that was sent. */
	isAt(positions: readonly string[]): boolean;
	/** Takes in a client that has been brought up to where the feed stands. */
	attach(client: Client): void;
}
