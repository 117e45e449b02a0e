import type { Server } from "../support/server.ts";
import type { Broker } from "./programs/broker.ts";
import type { Random } from "./random.ts";

/** A fault that is injected, and repaired before it resolves. */
export interface Fault {
	name: string;
	/** What it breaks: of two faults with the same target only one happens at a time. */
	target: string;
	strike(random: Random): Promise<void>;
}

/** A hub, which may be down. */
export interface HubSlot {
	readonly name: string;
	/** Undefined while it is down. */
	server: Server | undefined;
}

/** It happened between these two, in ms since 1970. */
export interface StoreLoss {
	from: number;
	to: number;
}

/** A setup that runs: hubs, and what is behind them. */
export interface Environment extends AsyncDisposable {
	readonly hubs: readonly HubSlot[];
	/** How publishers reach the broker; undefined: they POST to the first hub. */
	readonly broker: Broker | undefined;
	readonly faults: readonly Fault[];
	/** The programs of this setup that ended by themselves, or printed what no hub should. */
	readonly problems: string[];
	/** The store may lose its messages, and their keys with them. */
	readonly forgets: boolean;
	/** When the store lost everything. */
	readonly storeLosses: readonly StoreLoss[];
	/** What the store keeps of a channel after an id; undefined where the store cannot be read. */
	kept?(channel: string, after: string): Promise<{ id: string; text: string }[]>;
	/** How often the store is read, in ms; undefined: 100. */
	readonly watchPause?: number;
	/** Its hubs have runs, below `/runs`. */
	readonly servesRuns?: boolean;
	/** Publishes a message that is not stored, as a Flask app does, or no message at all. */
	noise?(channel: string, payload: string): Promise<void>;
	/** How many connections the broker has. */
	brokerConnections?(): Promise<number>;
}

export interface EnvironmentOptions {
	/** Messages that the history keeps of each channel. */
	maxLength: number;
	/** The store is emptied now and then. */
	wiped: boolean;
}

/** A line of the table. */
export interface Setup {
	name: string;
	/** Messages kept of each channel. Few: then gaps are right, but only where something was trimmed. */
	maxLength: number;
	/** The longest that some clients stay away, in ms. */
	absence: number;
	wiped?: boolean;
	start(options: EnvironmentOptions): Promise<Environment>;
}
