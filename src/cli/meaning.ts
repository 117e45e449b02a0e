import type { HistoryOptions } from "../core/connector.ts";
import type { ServerHub } from "../server/create.ts";
import { listensOnLoopback } from "../server/hosts.ts";
import type { Publishing } from "../server/publishing.ts";
import type { Settings } from "../server/settings.ts";
import type { Environment } from "../server/variables.ts";
import { printable } from "./text.ts";

/** Explains a configuration in rows. Each has a subject and a sentence, and shows no secret. */
export function meaningOf(
	{ settings, broker, addressOf }: ServerHub,
	history: HistoryOptions | undefined,
	environment: Environment,
	processes: number,
): [string, string][] {
	const { host, port, publishing, hosts, metricsToken, drain, options } = settings;
	const { limits, maxDuration, keepAlive } = options;
	const rows: [string, string][] = [
		["listens on", listening(host, port === 0 ? `${host}, a free port` : addressOf(port))],
		["hosts", hostsInWords(hosts)],
		["processes", processes === 1 ? "one" : `${processes}, which share the port`],
		["broker", broker === "memory" ? "memory: this hub alone, and nothing outlives it" : broker],
		["history", historyInWords(history)],
		["publishing", publishingInWords(publishing)],
		["reading", readingInWords(environment)],
		["channels", settings.options.channels?.allowed?.join(", ") ?? "every name"],
		["other origins", corsInWords(settings.cors)],
		[
			"metrics",
			metricsToken === undefined ? "everybody who reaches /metrics" : "by SSE_METRICS_TOKEN",
		],
		["streams", `at most ${number(limits?.connections ?? 50_000)}${lasting(maxDuration)}`],
		["keep-alive", `after ${number(keepAlive ?? 8_000)} ms of silence`],
		["stopping", `streams are ended over at most ${number(drain)} ms`],
	];
	return rows.map(([subject, text]) => [subject, printable(text)]);
}

function listening(host: string, address: string): string {
	return listensOnLoopback(host)
		? `${address}: this machine alone, or whoever a proxy lets in`
		: `${address}: whoever reaches this machine`;
}

function hostsInWords(hosts: Settings["hosts"]): string {
	if (hosts === undefined) return "answers by any name; SSE_HOSTS would hold it to yours";
	return ["localhost", ...hosts].join(", ");
}

function historyInWords(history: HistoryOptions | undefined): string {
	if (history === undefined) return "none: who was away has missed what was sent";
	const { maxLength, maxAge } = history;
	const parts = [
		...(maxLength === undefined ? [] : [`${number(maxLength)} messages of each channel`]),
		...(maxAge === undefined ? [] : [`${number(maxAge / 1_000)} seconds`]),
	];
	return `keeps ${parts.join(", for ")}`;
}

function publishingInWords(publishing: Publishing): string {
	if (publishing.by === "everybody") return "everybody who reaches the hub";
	if (publishing.by === "nobody") return "nobody over HTTP: neither a token nor a key is set";
	if (publishing.isMade) return "the holder of a token that is made and printed at each start";
	const ways = [
		...(publishing.token === undefined ? [] : ["the holder of SSE_PUBLISH_TOKEN"]),
		...(publishing.isSigned ? ["of a signed token, to the channels that it names"] : []),
	];
	return ways.join(", or ").replace(/^of/, "the holder of");
}

function readingInWords({
	SSE_JWT_SECRET,
	SSE_JWKS_URL,
	SSE_PUBLIC_CHANNELS,
}: Environment): string {
	const isSigned = (SSE_JWT_SECRET ?? SSE_JWKS_URL) !== undefined;
	if (!isSigned) return `everybody: ${SSE_PUBLIC_CHANNELS ?? "every channel"}`;
	const open = SSE_PUBLIC_CHANNELS === undefined ? "" : `; everybody: ${SSE_PUBLIC_CHANNELS}`;
	return `the holder of a signed token, the channels that it names${open}`;
}

function corsInWords(cors: Settings["cors"]): string {
	if (cors === undefined) return "their pages may not use the hub";
	const { origin, credentials } = cors;
	const names = Array.isArray(origin) ? origin.join(", ") : String(origin);
	return `pages of ${names} may use the hub${credentials ? ", with cookies" : ""}`;
}

function lasting(maxDuration: number | undefined): string {
	return maxDuration === undefined ? "" : `, of at most ${number(maxDuration)} ms each`;
}

function number(value: number): string {
	return value.toLocaleString("en");
}
