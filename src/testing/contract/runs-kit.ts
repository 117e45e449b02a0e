import type { Connector, History } from "../../core/connector.ts";
import type { RunClaim, RunStore } from "../../core/run-store.ts";
import * as assert from "./assert.ts";
import type { Kit } from "./kit.ts";

/** Two processes' worth of one store. */
export interface Pair {
	readonly one: Connector;
	readonly other: Connector;
	readonly runs: RunStore;
	readonly otherRuns: RunStore;
	readonly history: History;
	readonly channel: string;
}

export async function runsPair(kit: Kit): Promise<Pair> {
	const { one, other, history } = await kit.keepingPair();
	const channel = kit.channel("run");
	return { one, other, history, channel, runs: runsOf(one), otherRuns: runsOf(other) };
}

export function runsOf({ runs }: Connector): RunStore {
	assert.ok(runs, "a connector that has runs must have `runs`");
	return runs;
}

let claims = 0;

export function claimOf(claim: Partial<RunClaim> = {}): RunClaim {
	const name = `run ${++claims}`;
	return {
		token: `token of ${name}`,
		name,
		lease: 30_000,
		maxAge: 60_000,
		keepDone: 60_000,
		maxLength: 1_000,
		maxBytes: 1_000_000,
		...claim,
	};
}
