import type { Runtime } from "../server/listen/runtime.ts";
import { start } from "../server/listening.ts";
import type { Options } from "./arguments.ts";
import { refuseMore } from "./arguments.ts";
import type { Command } from "./command.ts";
import { hubOptions, inOptions, readHubArguments, withOptions } from "./hub-options.ts";
import { openPage } from "./open.ts";

const own: Options = {
	open: { help: "Opens the page in a browser, with the token for publishing" },
};

export const serve: Command = {
	usage: "[serve] [options]",
	summary: "Runs the hub, with a page to try it at its address",
	text: [
		"Every option sets the same as a variable of the environment, and overrides it; `edge-sse env` lists them.",
		"Secrets are never arguments: set them in the environment, or name a file.",
	],
	options: { ...own, ...hubOptions },
	async run(args) {
		const given = readHubArguments(args, own);
		refuseMore(given.positionals, 0, `edge-sse ${serve.usage}`);
		// The function that makes connectors reads the variables of this process.
		Object.assign(process.env, withOptions(process.env, given));
		await start(process.env, await runtime(), {
			// Its variables have what these options say.
			args: ["serve"],
			onOpen: (hub, port) => {
				if (given.has("open")) openPage(hub, port);
			},
			explain: (error) => inOptions(error, given),
		});
	},
};

/** Returns the server of the current runtime. */
async function runtime(): Promise<Runtime> {
	if ("Bun" in globalThis) return import("../server/listen/bun.ts");
	if ("Deno" in globalThis) return import("../server/listen/deno.ts");
	return import("../server/listen/node.ts");
}
