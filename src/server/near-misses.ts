import { nearestName } from "../core/known-names.ts";
import { variables } from "./variable-table.ts";
import type { Environment } from "./variables.ts";

/**
 * Variables that are set, that nothing reads, and that almost have the name of one of the
 * hub's. A misspelt limit or secret would be missing without notice. Others that begin with
 * `SSE_` may be another program's.
 *
 * @returns a sentence for each. It holds no value.
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
