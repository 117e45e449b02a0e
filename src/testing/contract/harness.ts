import type { Connector, HistoryOptions } from "../../core/connector.ts";

/** The broker behind a connector, as far as a test can handle it. */
export interface BrokerControl {
	/** Ends the broker hard, with every connection. */
	stop(): Promise<void>;
	/** Brings it back under the same address; resolves when it serves. */
	start(): Promise<void>;
	/** Freezes it: connections stay open, nobody answers. */
	pause?(): void | Promise<void>;
	resume?(): void | Promise<void>;
	/** How many subscriptions the broker holds for a channel. */
	numsub?(channel: string): Promise<number>;
	/** How many connections the broker holds, the test's own looking not counted. */
	clients?(): Promise<number>;
	/** How many messages were published since the broker started. */
	publishes?(): Promise<number>;
}

/** A connector onto a client that the caller owns. */
export interface Borrowed {
	connector: Connector;
	/** Rejects when the caller's client does not work any more. */
	check(): Promise<void>;
	/** The caller's own closing of the client. */
	release(): Promise<void>;
}

/** The same broker, with its messages kept. */
export interface HistoryControl {
	/** Constructs a fresh connector that keeps so much of each channel, and does nothing else. */
	connect(options: HistoryOptions): Connector | Promise<Connector>;
	/** Empties the store behind every connector's back. */
	wipe?(): Promise<void>;
	/** Messages in the race of two publishers, where a message costs much. Default: 20,000. */
	raced?: number;
}

/** What the suite needs to know of a connector. Everything is called inside tests only. */
export interface ConnectorHarness {
	/** Constructs a fresh connector onto the same broker, and does nothing else. */
	connect(): Connector | Promise<Connector>;
	/** The longest that a call may take before it rejects while the broker is away. Default: 3000 ms. */
	timeout?: number;
	broker?: BrokerControl;
	/** A connector over a client that was handed in. */
	borrow?(): Borrowed | Promise<Borrowed>;
	/** A connector that the broker refuses, for a wrong password or the like. */
	refused?(): Connector | Promise<Connector>;
	history?: HistoryControl;
	/** Every credential that `connect()` and `refused()` use: none may show in a name or an error. */
	secrets?: readonly string[];
	/**
	 * Why the connector lacks what a test needs: those tests are then not registered. Each
	 * capability is either there or explained here, so that no test goes missing unnoticed.
	 */
	lacks?: Readonly<Partial<Record<Capability, string>>>;
}

/**
 * - `shared`: two connectors of `connect()` see each other's messages.
 * - `receivers`: the broker tells how many received a message.
 * - `broker`: the broker can be stopped and started.
 * - `check`: the connector tells whether it is there.
 * - `freeze`, `numsub`, `clients`, `publishes`: the methods of `BrokerControl`; explained along with
 *   `broker` where there is none.
 * - `borrow`, `refused`, `history`: of the harness.
 * - `wipe`: the method of `HistoryControl`; explained along with `history` where there is none.
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
	| "wipe";

/** Which capabilities the harness has, each other one being explained; throws where one is neither. */
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
		wipe: harness.history?.wipe !== undefined,
	};
	const here = new Set<Capability>();
	for (const [capability, there] of Object.entries(offered) as [Capability, boolean][]) {
		const parent = parents[capability];
		const reason = lacks[capability] ?? (parent !== undefined && !offered[parent] && lacks[parent]);
		if (there && reason) throw new Error(`${name}: ${capability} is there, and yet "${reason}"`);
		if (!there && !reason) {
			throw new Error(
				`${name}: the harness has no ${capability}; add it, or say why in \`lacks\`.`,
			);
		}
		if (there) here.add(capability);
	}
	return here;
}

/** Where the one is missing, so is the other, for the same reason. */
const parents: Partial<Record<Capability, Capability>> = {
	check: "broker",
	freeze: "broker",
	numsub: "broker",
	clients: "broker",
	publishes: "broker",
	wipe: "history",
};
