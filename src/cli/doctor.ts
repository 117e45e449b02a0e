import { randomUUID } from "node:crypto";
import type { Finding } from "../doctor/finding.ts";
import { type Arguments, countOf, readArguments, refuseMore } from "./arguments.ts";
import type { Command } from "./command.ts";
import { diagnose } from "./doctor/diagnose.ts";
import { report } from "./doctor/report.ts";
import { routeUrl } from "./hub-url.ts";
import { note, writeLine } from "./output.ts";
import { post } from "./post.ts";
import { readSecret } from "./secret.ts";
import { jsonLine } from "./text.ts";
import { UsageError } from "./usage-error.ts";

const secretAdvice =
	"a secret is no argument, as every user of this machine can read the arguments of its processes. " +
	"Name a file that has it: --token-file <file>.";

export const doctor: Command = {
	usage: "doctor <url> [options]",
	summary: "Says what a stream meets on its way, what is wrong, and the line that mends it",
	text: [
		"It reads any event stream, of any server. Run it against the address that browsers use, with the proxy in between. It ends with 1 where there is a fault.",
		"With --publish it publishes a few events of its own, and can tell how long one takes, and whether a client that was away gets what it missed. Without --channel they go to a channel of its own, which nobody else reads.",
		"✓ is fine, ✗ a fault, ! could be better, ? cannot be told from here.",
	],
	options: {
		publish: {
			help: "Publishes events by the hub's /publish, with the token in SSE_PUBLISH_TOKEN",
		},
		"publish-url": {
			value: "<url>",
			help: "Where to publish, if it is elsewhere. Implies --publish",
		},
		channel: { value: "<name>", isList: true, help: "What to read; may be given several times" },
		idle: {
			value: "<seconds>",
			help: "How long to watch a stream in silence (10). Proxies cut at 60 and later",
		},
		direct: { value: "<url>", help: "The same stream without the proxy, to compare with" },
		origin: { value: "<origin>", help: "Checks CORS for pages of this origin" },
		header: { value: "<name: value>", isList: true, help: "A header of each request; no secret" },
		"headers-file": { value: "<file>", help: "Headers, one a line, read from a file" },
		"token-file": { value: "<file>", help: "A token for the stream, read from a file" },
		"publish-token-file": { value: "<file>", help: "The token for publishing, read from a file" },
		latency: { value: "<ms>", help: "The longest that an event may take (2000)" },
		timeout: { value: "<seconds>", help: "How long to wait for an answer (10)" },
		json: { help: "Prints one object of JSON" },
	},
	async run(args) {
		const given = readArguments(args, doctor.options, { token: secretAdvice });
		const { positionals, values, value, has } = given;
		refuseMore(positionals, 1, `edge-sse ${doctor.usage}`);
		const url = routeUrl(positionals[0], "/stream", doctor.usage);
		const publishing = publishUrl(given, url);
		for (const channel of values("channel")) url.searchParams.append("channel", channel);
		if (publishing !== undefined && !url.searchParams.has("channel")) {
			url.searchParams.set("channel", `edge-sse-doctor-${randomUUID()}`);
		}
		const direct = value("direct");
		const origin = value("origin");
		const options = {
			headers: headersOf(given),
			publish: publishing && publisher(publishing, url, given),
			direct: direct === undefined ? undefined : directUrl(direct, url),
			origin: origin === undefined ? undefined : originOf(origin),
			idle: (countOf("idle", value("idle")) ?? 10) * 1_000,
			latency: countOf("latency", value("latency")) ?? 2_000,
			timeout: (countOf("timeout", value("timeout")) ?? 10) * 1_000,
		};
		for (const name of ["idle", "timeout"] as const) {
			if (options[name] > 3_600_000) throw new UsageError(`--${name}: must be 3600 at most.`);
		}
		if (!has("json"))
			note(
				`looking at ${url.origin}${url.pathname}, for ${options.idle / 1_000} s and a little more`,
			);
		const findings = await diagnose(url, options);
		await writeLine(has("json") ? jsonOf(url, findings) : report(findings, styleOf()));
		if (findings.some(({ level }) => level === "fault")) process.exitCode = 1;
	},
};

function jsonOf(url: URL, findings: readonly Finding[]): string {
	const faults = findings.filter(({ level }) => level === "fault").length;
	return jsonLine({ url: `${url.origin}${url.pathname}`, faults, findings });
}

function styleOf() {
	const { NO_COLOR = "", TERM } = process.env;
	const isTerminal = process.stdout.isTTY === true;
	return {
		hasColors: isTerminal && NO_COLOR === "" && TERM !== "dumb",
		columns: Math.min((isTerminal && process.stdout.columns) || 100, 120),
	};
}

function publishUrl({ value, has }: Arguments, url: URL): URL | undefined {
	const address = value("publish-url");
	if (address !== undefined) return routeUrl(address, "/publish", doctor.usage);
	if (!has("publish")) return undefined;
	return new URL("/publish", url);
}

function publisher(
	target: URL,
	url: URL,
	{ value }: Arguments,
): (data: string) => Promise<unknown> {
	const file = value("publish-token-file");
	const token =
		file === undefined ? process.env.SSE_PUBLISH_TOKEN : readSecret("publish-token-file", file);
	const channel = url.searchParams.get("channel");
	return (data) => post(target, JSON.stringify({ data, type: "edge-sse.doctor", channel }), token);
}

function directUrl(text: string, url: URL): URL {
	const direct = routeUrl(text, url.pathname, doctor.usage);
	if (direct.search === "") direct.search = url.search;
	return direct;
}

function originOf(text: string): string {
	if (URL.canParse(text) && new URL(text).origin === text) return text;
	throw new UsageError("--origin: must be an origin, such as https://app.example.com.");
}

const secretNames = /^(authorization|cookie|proxy-authorization|x-api-key)$/i;

function headersOf({ value, values }: Arguments): Record<string, string> {
	const tokenFile = value("token-file");
	const token = tokenFile === undefined ? undefined : readSecret("token-file", tokenFile);
	const file = value("headers-file");
	const lines = file === undefined ? [] : readSecret("headers-file", file).split(/\r?\n/);
	const inArguments = values("header").map((line) => headerOf("header", line));
	if (inArguments.some(([name]) => secretNames.test(name))) {
		throw new UsageError(
			"--header: a secret is no argument. Put the header into a file: --headers-file <file>.",
		);
	}
	const inFile = lines.filter((line) => line !== "").map((line) => headerOf("headers-file", line));
	if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
		throw new UsageError("--token-file: the token must be ASCII, on one line.");
	}
	return {
		...(token !== undefined && { authorization: `Bearer ${token}` }),
		...Object.fromEntries([...inFile, ...inArguments]),
	};
}

function headerOf(option: string, line: string): [string, string] {
	const [, name = "", text = ""] =
		/^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e]*)$/.exec(line) ?? [];
	if (name !== "") return [name.toLowerCase(), text];
	throw new UsageError(`--${option}: must be written as "name: value", in ASCII.`);
}
