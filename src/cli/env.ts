import { variables } from "../server/variable-table.ts";
import { readArguments, refuseMore } from "./arguments.ts";
import type { Command } from "./command.ts";
import { optionOf } from "./hub-options.ts";
import { columns, plain } from "./text.ts";

export const env: Command = {
	usage: "env",
	summary: "Lists every variable of the hub, with its option, its default and its meaning",
	options: {},
	async run(args) {
		refuseMore(readArguments(args, env.options).positionals, 0, "edge-sse env");
		const rows = variables.map((variable): [string, string] => {
			const option = optionOf(variable);
			const details = [
				...(option === undefined ? [] : [`--${option}`]),
				...(variable.default === "" ? [] : [`default: ${variable.default}`]),
			];
			const text = plain(variable.meaning);
			return [variable.name, details.length === 0 ? text : `${text}. (${details.join("; ")})`];
		});
		console.log(columns(rows));
	},
};
