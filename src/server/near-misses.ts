import { nearestName } from "../core/known-names.ts";
import { variables } from "./variable-table.ts";
import type { Environment } from "./variables.ts";

/**
 * Finds variables whose name is almost that of one of the hub's. Nothing reads them, so a misspelt limit or secret would
 * be missing unnoticed. Other variables that begin with `SSE_` may belong to another program.
 *
 * @returns a sentence for each, without its value.
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
