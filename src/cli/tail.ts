import { readArguments, refuseMore } from "./arguments.ts";
import type { Command } from "./command.ts";
import { follow, type TailEvent } from "./follow.ts";
import { routeUrl } from "./hub-url.ts";
import { note, writeLine } from "./output.ts";
import { readSecret } from "./secret.ts";
import { jsonLine, printable } from "./text.ts";
import { UsageError } from "./usage-error.ts";

const secretAdvice =
	"a secret is no argument, as every user of this machine can read the arguments of its processes. " +
	"Name a file that has it: --token-file <file>.";

export const tail: Command = {
	usage: "tail <url> [options]",
	summary: "Shows the events of a stream as they come, and comes back when it breaks",
	text: [
		"On a terminal an event is a line for people, into a pipe it is a line of JSON. Nothing in an event can drive the terminal.",
	],
	options: {
		channel: {
			value: "<name>",
			isList: true,
			help: "What to read; may be given several times (the hub's own default)",
		},
		json: { help: "Lines of JSON on a terminal, too" },
		count: { value: "<number>", help: "Ends after so many events" },
		"last-event-id": { value: "<id>", help: "Begins after the event of this id, with history" },
		"token-file": { value: "<file>", help: "A token for the stream, read from a file" },
	},
	async run(args) {
		const { positionals, values, value, has } = readArguments(args, tail.options, {
			token: secretAdvice,
		});
		refuseMore(positionals, 1, `edge-sse ${tail.usage}`);
		const url = routeUrl(positionals[0], "/stream", tail.usage);
		for (const channel of values("channel")) url.searchParams.append("channel", channel);
		const file = value("token-file");
		const events = follow({
			url,
			token: file === undefined ? undefined : readSecret("token-file", file),
			lastEventId: value("last-event-id"),
			onNote: note,
		});
		const most = countOf(value("count"));
		const lineOf = has("json") || !process.stdout.isTTY ? inJson : inWords;
		let count = 0;
		for await (const event of events) {
			await writeLine(lineOf(event));
			if (++count === most) return;
		}
	},
};

function countOf(text: string | undefined): number {
	if (text === undefined) return Number.POSITIVE_INFINITY;
	if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
	throw new UsageError("--count: must be a whole number from 1.");
}

function inJson({ type, data, lastEventId }: TailEvent): string {
	return jsonLine({ type, data, ...(lastEventId !== "" && { id: lastEventId }) });
}

function inWords({ type, data }: TailEvent): string {
	const time = new Date().toTimeString().slice(0, 8);
	return `${time}  ${printable(type)}  ${printable(data)}`;
}
