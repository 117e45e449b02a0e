import { mostChannels, type RelayRequest, runCalls } from "./protocol.ts";

/** How long the name of a channel may be, in UTF-16 code units. */
const longestName = 512;

/** How many messages one publish may have. */
const mostMessages = 1_000;

/** How many messages one read may ask for. */
const mostRead = 10_000;

/** Reads the body of a request. @returns what it asks for, or as a text what is wrong with it. */
export function parseRequest(text: string): RelayRequest | string {
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch {
		return "The body must be JSON.";
	}
	if (!isObject(json)) return "The body must be an object.";
	const check = Object.hasOwn(checks, String(json.op)) ? checks[String(json.op)] : undefined;
	if (check === undefined) return "op: this hub does not know it. It may be older than the relay.";
	return check(json) ?? (json as unknown as RelayRequest);
}

type Fields = Record<string, unknown>;

/** For each `op`: says what is wrong with the fields. */
const checks: Record<string, (fields: Fields) => string | undefined> = {
	check: () => undefined,
	subscribe: ({ channels, positions }) => {
		if (!Array.isArray(channels) || channels.length === 0 || channels.length > mostChannels) {
			return `channels: must be a list of 1 to ${mostChannels} names.`;
		}
		if (!channels.every(isName)) return `channels: ${nameRule}`;
		return typeof positions === "boolean" ? undefined : "positions: must be true or false.";
	},
	publish: ({ messages }) => {
		if (!Array.isArray(messages) || messages.length > mostMessages) {
			return `messages: must be a list of at most ${mostMessages}.`;
		}
		return messages.every(isMessage)
			? undefined
			: "messages: each needs a channel and a payload, both well-formed text.";
	},
	read: ({ channel, after, limit }) => {
		if (!isName(channel)) return `channel: ${nameRule}`;
		if (typeof after !== "string" || after.length > 64) return "after: must be a position.";
		return isWhole(limit, 1, mostRead) ? undefined : `limit: must be from 1 to ${mostRead}.`;
	},
	head: ({ channel, back }) => {
		if (!isName(channel)) return `channel: ${nameRule}`;
		return isWhole(back, 0, Number.MAX_SAFE_INTEGER) ? undefined : "back: must be 0 or more.";
	},
	forget: ({ channel }) => (isName(channel) ? undefined : `channel: ${nameRule}`),
	run: ({ call, args }) => {
		if (!(runCalls as readonly unknown[]).includes(call)) return "call: must be one of a run.";
		return Array.isArray(args) && isName(args[0]) ? undefined : "args: must begin with a channel.";
	},
};

const nameRule = "must be well-formed text of 1 to 512 characters.";

function isObject(value: unknown): value is Fields {
	return typeof value === "object" && value !== null;
}

function isName(value: unknown): value is string {
	return isText(value) && value.length > 0 && value.length <= longestName;
}

/** Encoded, every lone surrogate becomes the same character, so two names could become one. */
function isText(value: unknown): value is string {
	return typeof value === "string" && value.isWellFormed();
}

function isWhole(value: unknown, least: number, most: number): boolean {
	return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
}

function isMessage(value: unknown): boolean {
	if (!isObject(value)) return false;
	const { channel, payload, keep, key } = value;
	const isOption = keep === undefined || typeof keep === "boolean";
	return isName(channel) && isText(payload) && isOption && (key === undefined || isText(key));
}
