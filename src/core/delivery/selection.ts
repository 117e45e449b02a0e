import type { ErrorHandler } from "../errors.ts";
import type { Selection } from "../history/render.ts";
import type { Message } from "../message/message.ts";

/**
 * Decides whether a stream's clients get a message. It is called once per message for all clients with the same
 * function, or with functions of the same `key`.
 *
 * @param channel the channel that the message came on.
 * @returns true for a message that is sent.
 */
export interface MessageFilter {
	(message: Message, channel: string): boolean;
	/** Functions with the same key count as the same function: give it to those that are made per request. */
	key?: string;
}

const everything: Selection = { key: "", passes: () => true };

/** A name for each function that has no key. */
const names = new WeakMap<MessageFilter, number>();
let named = 0;

/** @param report gets what a filter throws; such a message is filtered out. */
export function selectionOf(
	types: readonly string[] | undefined,
	filter: MessageFilter | undefined,
	report: ErrorHandler,
): Selection {
	if (types === undefined && filter === undefined) return everything;
	const wanted = types && new Set(types);
	return {
		key: JSON.stringify([wanted && [...wanted].toSorted(), filter && nameOf(filter)]),
		passes: (message, channel) => {
			if (wanted !== undefined && !wanted.has(message.type ?? "message")) return false;
			return filter === undefined || asked(filter, message, channel, report);
		},
	};
}

function asked(filter: MessageFilter, message: Message, channel: string, report: ErrorHandler) {
	try {
		// It is everybody's: what a filter changes, the others would get.
		const verdict: unknown = filter(Object.freeze(message), channel);
		if (typeof verdict === "boolean") return verdict;
		if (verdict instanceof Promise)
			verdict.catch((error) => report(error, { stage: "hook", channel }));
		throw new TypeError("filter: must return true or false, and no promise.");
	} catch (error) {
		report(error, { stage: "hook", channel });
		return false;
	}
}

function nameOf(filter: MessageFilter): string | number {
	if (typeof filter.key === "string") return filter.key;
	const known = names.get(filter) ?? ++named;
	names.set(filter, known);
	return known;
}
