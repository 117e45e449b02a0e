import type { Connector, HistoryOptions } from "../../core/connector.ts";

/** The broker behind a connector, as far as a test can control it. */
export interface BrokerControl {
	/** Kills the broker, with every connection. */
	stop(): Promise<void>;
	/** Restarts it at the same address. Resolves when it serves. */
	start(): Promise<void>;
	/**
	 * Freezes it: connections stay open, and nothing answers.
	 *
	 * @defaultValue none: `lacks.freeze` says why
	 */
	pause?(): void | Promise<void>;
	/**
	 * Ends the freeze.
	 *
	 * @defaultValue none: `lacks.freeze` says why
	 */
	resume?(): void | Promise<void>;
	/**
	 * How many subscriptions the broker holds for a channel.
	 * https://redis.io/docs/latest/commands/pubsub-numsub/
	 *
	 * @defaultValue none: `lacks.numsub` says why
	 */
	numsub?(channel: string): Promise<number>;
	/**
	 * How many connections the broker holds, without the one that asks.
	 *
	 * @defaultValue none: `lacks.clients` says why
	 */
	clients?(): Promise<number>;
	/**
	 * How many messages were published since the broker started.
	 *
	 * @defaultValue none: `lacks.publishes` says why
	 */
	publishes?(): Promise<number>;
}

/** A connector that uses a client of the caller. */
export interface Borrowed {
	/** The connector. */
	connector: Connector;
	/** Rejects when the caller's client no longer works. */
	check(): Promise<void>;
	/** Closes the client, as its caller would. */
	release(): Promise<void>;
}

/** The same broker, with history. */
export interface HistoryControl {
	/** Makes a new connector that keeps this much of each channel, and does nothing else. */
	connect(options: HistoryOptions): Connector | Promise<Connector>;
	/**
	 * Empties the store without telling any connector.
	 *
	 * @defaultValue none: `lacks.wipe` says why
	 */
	wipe?(): Promise<void>;
	/**
	 * Whether the connector has `runs` then.
	 *
	 * @defaultValue none: `lacks.runs` says why
	 */
	runs?: true;
	/**
	 * How many messages two publishers race with. Lower it where a message is expensive.
	 *
	 * @defaultValue `20_000`
	 */
	raced?: number;
}

/** What the suite must know about a connector. All functions are called only inside tests. */
export interface ConnectorHarness {
	/** Makes a new connector to the same broker, and does nothing else. */
	connect(): Connector | Promise<Connector>;
	/**
	 * The longest that a call may take before it rejects while the broker is away, in ms.
	 *
	 * @defaultValue `3_000`
	 */
	timeout?: number;
	/**
	 * The broker itself, where tests can stop it.
	 *
	 * @defaultValue none: `lacks.broker` says why
	 */
	broker?: BrokerControl;
	/**
	 * A connector that uses a client of the caller.
	 *
	 * @defaultValue none: `lacks.borrow` says why
	 */
	borrow?(): Borrowed | Promise<Borrowed>;
	/**
	 * A connector that the broker refuses, for example because of a wrong password.
	 *
	 * @defaultValue none: `lacks.refused` says why
	 */
	refused?(): Connector | Promise<Connector>;
	/**
	 * The same broker with history, where the connector supports it.
	 *
	 * @defaultValue none: `lacks.history` says why
	 */
	history?: HistoryControl;
	/**
	 * Every credential of `connect()` and `refused()`. None may appear in a name or an error.
	 *
	 * @defaultValue none
	 */
	secrets?: readonly string[];
	/**
	 * Why the connector lacks what a test needs. Those tests are then not registered. Each
	 * capability is either present or explained here, so that no test is lost unnoticed.
	 *
	 * @defaultValue nothing
	 */
	lacks?: Readonly<Partial<Record<Capability, string>>>;
}

/**
 * What a connector and its harness can do:
 *
 * - `shared`: two connectors of `connect()` see each other's messages.
 * - `receivers`: the broker tells how many received a message.
 * - `broker`: the broker can be stopped and started.
 * - `check`: the connector has `check()`.
 * - `freeze`, `numsub`, `clients`, `publishes`: the methods of `BrokerControl`. Without a
 *   `broker`, its explanation covers them.
 * - `borrow`, `refused`, `history`: those of the harness.
 * - `runs`: of `HistoryControl`. Without a `history`, its explanation covers it.
 * - `wipe`: the method of `HistoryControl`. Without a `history`, its explanation covers it.
 */
export type Capability =
	| "shared"
	| "receivers"
	| "broker"
	| "check"
	| "freeze"
	| "numsub"
	| "clients"
	| "publishes"
	| "borrow"
	| "refused"
	| "history"
	| "runs"
	| "wipe";

/**
 * The capabilities of the harness. Each missing one must be explained.
 *
 * @throws {Error} when one is neither present nor explained.
 */
export function capabilities(name: string, harness: ConnectorHarness): ReadonlySet<Capability> {
	const { broker, lacks = {} } = harness;
	const offered: Record<Capability, boolean> = {
		shared: lacks.shared === undefined,
		receivers: lacks.receivers === undefined,
		broker: broker !== undefined,
		check: broker !== undefined && lacks.check === undefined,
		freeze: broker?.pause !== undefined && broker.resume !== undefined,
		numsub: broker?.numsub !== undefined,
		clients: broker?.clients !== undefined,
		publishes: broker?.publishes !== undefined,
		borrow: harness.borrow !== undefined,
		refused: harness.refused !== undefined,
		history: harness.history !== undefined,
		runs: harness.history?.runs === true,
		wipe: harness.history?.wipe !== undefined,
	};
	const here = new Set<Capability>();
	for (const [capability, there] of Object.entries(offered) as [Capability, boolean][]) {
		const parent = parents[capability];
		const reason = lacks[capability] ?? (parent !== undefined && !offered[parent] && lacks[parent]);
		if (there && reason)
			throw new Error(`${name}: ${capability} is there, but \`lacks\` says "${reason}"`);
		if (!there && !reason) {
			throw new Error(
				`${name}: the harness has no ${capability}; add it, or say why in \`lacks\`.`,
			);
		}
		if (there) here.add(capability);
	}
	return here;
}

/** A capability that needs another is missing with it, for the same reason. */
const parents: Partial<Record<Capability, Capability>> = {
	check: "broker",
	freeze: "broker",
	numsub: "broker",
	clients: "broker",
	publishes: "broker",
	runs: "history",
	wipe: "history",
};
