import type { Environment } from "../variables.ts";

/** The variable that tells a child its number among the processes. It also tells a process that it is a child. */
export const slotVariable = "EDGE_SSE_PROCESS";

/** What the parent tells a child before it serves. */
export interface Begin {
	/** The hub's variables, with the port of all processes, and the token where the parent made one. */
	readonly environment: Environment;
	/** How to reach the parent's broker. Undefined: each process connects to the broker itself. */
	readonly address: BrokerAddress | undefined;
	/** The broker's name. */
	readonly broker: string;
	/** How many free places a process may keep. */
	readonly spare: number;
}

/** The address and the token of the parent's broker. */
export interface BrokerAddress {
	readonly url: string;
	readonly token: string;
	readonly history: boolean;
}
