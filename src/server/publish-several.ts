import type { PublishOutcome } from "../core/connector.ts";
import { mostMessages, type PublishMessage } from "../core/publish.ts";
import { defaultChannel } from "../core/request/request.ts";
import { logFailure } from "./log.ts";
import { dataOf } from "./publish-body.ts";

/** Says which rule an array of messages breaks. Undefined: none. */
export function arrayProblem(
	messages: readonly unknown[],
	problemOf: (message: unknown) => string | undefined,
): string | undefined {
	if (messages.length > mostMessages) {
		return `messages: at most ${mostMessages} in one call, got ${messages.length}.`;
	}
	for (const [index, message] of messages.entries()) {
		const problem = problemOf(message);
		if (problem !== undefined) return `messages[${index}]: ${problem}`;
		if (typeof (message as { channel?: unknown }).channel === "object") {
			return `messages[${index}]: channel: must be a string; each message of an array names one.`;
		}
	}
	return undefined;
}

/** All channels in a body, each once. The request needs the right to publish to all of them. */
export function channelsOf(body: unknown): string[] {
	const messages = (Array.isArray(body) ? body : [body]) as {
		channel?: string | readonly string[];
	}[];
	return [...new Set(messages.flatMap(({ channel = defaultChannel }) => channel))];
}

/** The messages of an array, each with the publisher's own text of its data. */
export function messagesOf(text: string, body: readonly unknown[]): PublishMessage[] {
	const texts = elementTexts(text);
	return body.map((message, index) => {
		const { data, ...options } = message as PublishMessage;
		return { ...options, data: dataOf(texts[index] ?? "", data) };
	});
}

/** The answer: a result for each message. Internal errors go to the log. */
export function resultsOf(outcomes: readonly PublishOutcome[]): object[] {
	const failed = outcomes.find(({ error }) => error !== undefined);
	// One line is enough: without its broker a hub fails a thousand messages at once.
	if (failed?.error !== undefined) logFailure("publish", failed.error);
	return outcomes.map(({ receivers, id, error }) =>
		error === undefined
			? { receivers, ...(id !== undefined && { id }) }
			: { error: "The broker cannot be reached; the message was not published." },
	);
}

/**
 * The texts of a JSON array's elements. `JSON.parse` has accepted it, so only nesting and
 * strings matter here.
 */
function elementTexts(json: string): string[] {
	const texts: string[] = [];
	let depth = 0;
	let start = json.indexOf("[") + 1;
	for (let i = start - 1; i < json.length; i++) {
		const c = json[i];
		if (c === '"') i = stringEnd(json, i);
		else if (c === "[" || c === "{") depth++;
		else if (c === "]" || c === "}") depth--;
		if ((c === "," && depth === 1) || (c === "]" && depth === 0)) {
			texts.push(json.slice(start, i).trim());
			start = i + 1;
		}
	}
	return texts;
}

/** The index of the closing quote of the string that opens at `start`. */
function stringEnd(json: string, start: number): number {
	let i = start + 1;
	while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
	return i;
}
