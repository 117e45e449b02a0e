import { countOf, readArguments, refuseMore } from "./arguments.ts";
import type { Command } from "./command.ts";
import { routeUrl } from "./hub-url.ts";
import { writeLine } from "./output.ts";
import { post } from "./post.ts";
import { publishData } from "./publish-data.ts";
import { readSecret } from "./secret.ts";
import { jsonLine, printable } from "./text.ts";
import { UsageError } from "./usage-error.ts";

const secretAdvice =
	"a secret is no argument, as every user of this machine can read the arguments of its processes. " +
	"Set SSE_PUBLISH_TOKEN, or name a file that has it: --token-file <file>.";

export const publish: Command = {
	usage: "publish <url> [data] [options]",
	summary: "Publishes to a hub: the data, files, or each line of standard input",
	text: [
		"JSON is sent as it is written, and anything else as text. The token comes from SSE_PUBLISH_TOKEN or a file.",
		"With --count or --rate the data is a template: {n} is the message's number, {time} the time, {random} a number from 0 to 1. With --rate alone it goes on until Ctrl-C.",
	],
	options: {
		channel: {
			value: "<name>",
			isList: true,
			help: "Where to; may be given several times (the hub's own default)",
		},
		type: { value: "<name>", help: "The event's type (message)" },
		id: { value: "<text>", help: "The event's id" },
		file: {
			value: "<path>",
			isList: true,
			help: "Sends the content of a file as one message; may be given several times",
		},
		count: { value: "<number>", help: "Sends the data this many times" },
		rate: { value: "<number>", help: "Sends at most this many messages a second, up to 1,000" },
		text: { help: "Sends JSON as text, too" },
		"token-file": { value: "<file>", help: "The token, read from a file" },
	},
	async run(args) {
		const given = readArguments(args, publish.options, { token: secretAdvice });
		const { positionals, values, value, has } = given;
		refuseMore(positionals, 2, `edge-sse ${publish.usage}`);
		const [address, data] = positionals;
		const url = routeUrl(address, "/publish", publish.usage);
		const file = value("token-file");
		const token =
			file === undefined ? process.env.SSE_PUBLISH_TOKEN : readSecret("token-file", file);
		const channels = values("channel");
		const fields = {
			...{ type: value("type"), id: value("id") },
			channel: channels.length > 1 ? channels : channels[0],
		};
		const send = async (text: string) => {
			const body = bodyOf(text, fields, has("text"));
			const answer = await post(url, body, token);
			await writeLine(resultOf(answer));
			if (isFailed(answer)) process.exitCode = 1;
		};
		const count = countOf("count", value("count"));
		if (count !== undefined && data === undefined) {
			throw new UsageError("--count: needs the data as an argument.");
		}
		const source = { data, files: values("file"), count, rate: rateOf(value("rate")) };
		for await (const each of publishData(source)) await send(each);
	},
};

function rateOf(text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const rate = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
	if (rate > 0 && rate <= 1_000) return rate;
	throw new UsageError("--rate: must be a number above 0, up to 1,000.");
}

// JSON is sent as it was written, because JavaScript has no number 12345678901234567890.
function bodyOf(text: string, fields: object, asText: boolean): string {
	const data = !asText && isJson(text) ? text : JSON.stringify(text);
	return `{"data":${data},${JSON.stringify(fields).slice(1)}`.replace(/,\}$/, "}");
}

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}

function isFailed(answer: unknown): boolean {
	return [answer].flat().some((result) => Object(result).error !== undefined);
}

function resultOf(answer: unknown): string {
	if (!process.stdout.isTTY) return jsonLine(answer);
	const results = Array.isArray(answer) ? answer : [answer];
	return results.map(inWords).join("\n");
}

function inWords(result: unknown): string {
	const { receivers, id, error } = (result ?? {}) as Record<string, unknown>;
	if (error !== undefined) return `not published: ${printable(String(error))}`;
	const whom =
		typeof receivers === "number" ? `${receivers} receiver${receivers === 1 ? "" : "s"}` : "done";
	return `published: ${whom}${id === undefined ? "" : `, id ${printable(String(id))}`}`;
}
