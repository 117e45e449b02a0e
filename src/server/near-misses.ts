import { nearestName } from "../core/known-names.ts";
import { variables } from "./variable-table.ts";
import type { Environment } from "./variables.ts";

/**
 * Variables that are set, that nobody reads, and that are nearly called like one of the hub's: a limit or a
 * secret that was misspelt would be missing in silence. Others that begin with `SSE_` may be another program's.
 *
 * @returns a sentence for each, which holds no value.
 */
export function nearMisses(environment: Environment): string[] {
	const known = variables.map(({ name }) => name);
	return Object.keys(environment).flatMap((name) => {
		if (!/^SSE_\w{1,60}$/i.test(name) || known.includes(name) || environment[name] === undefined) {
			return [];
		}
		const meant = nearestName(name, known, 3);
		if (meant === undefined) return [];
		return [`${name} is set, but no variable of the hub: nothing reads it. Did you mean ${meant}?`];
	});
}
