import type { Connector } from "../../../src/connector.ts";

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
 * - `freeze`, `numsub`, `clients`, `publishes`: the methods of `BrokerControl`; explained along with
 *   `broker` where there is none.
 * - `borrow`, `refused`: the methods of the harness.
 */
export type Capability =
	| "shared"
	| "receivers"
	| "broker"
	| "freeze"
	| "numsub"
	| "clients"
	| "publishes"
	| "borrow"
	| "refused";

/** Which capabilities the harness has, each other one being explained; throws where one is neither. */
export function capabilities(name: string, harness: ConnectorHarness): ReadonlySet<Capability> {
	const { broker, lacks = {} } = harness;
	const offered: Record<Capability, boolean> = {
		shared: lacks.shared === undefined,
		receivers: lacks.receivers === undefined,
		broker: broker !== undefined,
		freeze: broker?.pause !== undefined && broker.resume !== undefined,
		numsub: broker?.numsub !== undefined,
		clients: broker?.clients !== undefined,
		publishes: broker?.publishes !== undefined,
		borrow: harness.borrow !== undefined,
		refused: harness.refused !== undefined,
	};
	const here = new Set<Capability>();
	for (const [capability, there] of Object.entries(offered) as [Capability, boolean][]) {
		const reason =
			lacks[capability] ?? (broker === undefined && ofBroker.has(capability) && lacks.broker);
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

const ofBroker = new Set<Capability>(["freeze", "numsub", "clients", "publishes"]);
