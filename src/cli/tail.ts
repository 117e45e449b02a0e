import { type Arguments, countOf, readArguments, refuseMore } from "./arguments.ts";
import { askForChannels, withChannel } from "./channel-envelope.ts";
import type { Command } from "./command.ts";
import { jsonWriter, type Terminal, wordWriter } from "./event-line.ts";
import { follow } from "./follow.ts";
import { routeUrl } from "./hub-url.ts";
import { note, writeLine } from "./output.ts";
import { readSecret } from "./secret.ts";
import { cursorSince } from "./since.ts";
import { UsageError } from "./usage-error.ts";

const secretAdvice =
	"a secret is no argument, as every user of this machine can read the arguments of its processes. " +
	"Name a file that has it: --token-file <file>.";

export const tail: Command = {
	usage: "tail <url> [options]",
	summary: "Shows the events of a stream as they arrive, and reconnects when it breaks",
	text: [
		"On a terminal an event is a line for people. In a pipe it is a line of JSON. No event can control the terminal.",
		"The time of an event is when it arrived.",
	],
	options: {
		channel: {
			value: "<name>",
			isList: true,
			help: "What to read; may be given several times, and is then shown (the hub's own default)",
		},
		json: { help: "Writes lines of JSON on a terminal, too" },
		type: {
			value: "<name>",
			isList: true,
			help: "Shows only events of this type; may be given several times",
		},
		since: {
			value: "<time>",
			help: "Begins in the past, with history: 90s, 10m, 2h, 1d ago, or 2026-01-31T12:00:00Z",
		},
		"last-event-id": { value: "<id>", help: "Begins after the event of this id, with history" },
		count: { value: "<number>", help: "Ends after this many events" },
		"one-line": { help: "Cuts an event at the terminal's width" },
		"token-file": { value: "<file>", help: "A token for the stream, read from a file" },
	},
	async run(args) {
		const given = readArguments(args, tail.options, { token: secretAdvice });
		const { positionals, values, value, has } = given;
		refuseMore(positionals, 1, `edge-sse ${tail.usage}`);
		const url = routeUrl(positionals[0], "/stream", tail.usage);
		for (const channel of values("channel")) url.searchParams.append("channel", channel);
		const channels = url.searchParams.getAll("channel");
		askForChannels(url);
		const file = value("token-file");
		const events = follow({
			url,
			token: file === undefined ? undefined : readSecret("token-file", file),
			lastEventId: beginOf(given),
			onNote: note,
		});
		const most = countOf("count", value("count"));
		const lineOf = has("json") || !process.stdout.isTTY ? jsonWriter() : wordWriter(terminal(has));
		const types = new Set(values("type"));
		let count = 0;
		for await (const event of events) {
			if (event.type === "sse.gap") note("a gap: messages may be missing here.");
			if (!(types.size > 0 ? types.has(event.type) : event.type !== "sse.ping")) continue;
			await writeLine(lineOf(withChannel(event, channels)));
			if (++count === most) return;
		}
	},
};

function beginOf({ value, values }: Arguments): string | undefined {
	const [id, since] = [value("last-event-id"), value("since")];
	if (since === undefined) return id;
	if (id === undefined) return cursorSince(since, values("channel"));
	throw new UsageError("--since: cannot be given with --last-event-id.");
}

function terminal(has: Arguments["has"]): Terminal {
	const { NO_COLOR = "", TERM } = process.env;
	return {
		hasColors: NO_COLOR === "" && TERM !== "dumb",
		columns: has("one-line") ? process.stdout.columns || 80 : undefined,
	};
}
