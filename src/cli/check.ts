import { historyFromEnvironment } from "../environment.ts";
import { createHub } from "../server/create.ts";
import { nearMisses } from "../server/near-misses.ts";
import { checkProcesses, processCount } from "../server/processes/count.ts";
import { refuseMore } from "./arguments.ts";
import type { Command } from "./command.ts";
import { hubOptions, inOptions, readHubArguments, withOptions } from "./hub-options.ts";
import { meaningOf } from "./meaning.ts";
import { note } from "./output.ts";
import { columns } from "./text.ts";

export const check: Command = {
	usage: "check [options]",
	summary: "Says what `serve` would do with the same variables and options, and starts nothing",
	text: ["It ends with 1 where the hub would not start, and names the variable."],
	options: hubOptions,
	async run(args) {
		const given = readHubArguments(args, {});
		refuseMore(given.positionals, 0, `edge-sse ${check.usage}`);
		Object.assign(process.env, withOptions(process.env, given));
		for (const problem of nearMisses(process.env)) note(problem);
		try {
			const hub = createHub(process.env);
			const count = processCount(hub.settings);
			if (count > 1) checkProcesses(hub);
			console.log(columns(meaningOf(hub, historyFromEnvironment(), process.env, count)));
			await hub.close();
		} catch (error) {
			throw inOptions(error, given);
		}
	},
};
