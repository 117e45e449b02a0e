import type { Environment } from "../variables.ts";

/** Set in a child, besides the line to its parent: which place it has. */
export const slotVariable = "EDGE_SSE_PROCESS";

/** What a child is told before it begins. */
export interface Begin {
	/** The hub's variables, with the port that the parent found and the token that it made. */
	readonly environment: Environment;
	/** The parent's broker. Undefined: each process has its own way to the broker. */
	readonly upstream: Upstream | undefined;
	/** The broker's name. */
	readonly broker: string;
	/** So many free places a process keeps. */
	readonly spare: number;
}

/** Where the parent answers its children, and nobody else. */
export interface Upstream {
	readonly url: string;
	readonly token: string;
	readonly history: boolean;
}
