import { inspect } from "node:util";
import fc from "fast-check";

/** What must hold for every generated input. */
export interface Property {
	name: string;
	/** Its share of a run's cases, in per cent. */
	share: number;
	property: fc.IRawProperty<unknown>;
}

/**
 * Runs a property. The same seed makes the same cases.
 *
 * @throws {Error} with the smallest counter-example that was found, and its seed.
 */
export async function run({ name, property }: Property, seed: number, cases: number) {
	const details = await fc.check(property, { seed, numRuns: cases });
	if (!details.failed) return;
	const { counterexample, counterexamplePath, errorInstance } = details;
	throw new Error(
		`${name}: seed ${seed}, path ${counterexamplePath}: ${inspect(counterexample, { depth: 6, maxStringLength: 1_000 })}`,
		{ cause: errorInstance },
	);
}

/** The value that the call throws, or undefined. */
export function thrown(call: () => unknown): unknown {
	try {
		call();
	} catch (error) {
		return error;
	}
	return undefined;
}
