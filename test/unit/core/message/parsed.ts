import { createParser, type EventSourceMessage } from "eventsource-parser";

/** What `eventsource-parser`, which many clients use, reads from a text. */
export interface Parsed {
	events: EventSourceMessage[];
	retries: number[];
	comments: string[];
	/** What the parser could not understand. */
	errors: string[];
}

export function parsed(text: string): Parsed {
	const result: Parsed = { events: [], retries: [], comments: [], errors: [] };
	const parser = createParser({
		onEvent: (event) => result.events.push(event),
		onRetry: (retry) => result.retries.push(retry),
		onComment: (comment) => result.comments.push(comment),
		onError: (error) => result.errors.push(error.message),
	});
	parser.feed(text);
	return result;
}

/** The event of a frame that must hold exactly one event and nothing else. */
export function onlyEvent(text: string): EventSourceMessage & { retry: number | undefined } {
	const { events, retries, comments, errors } = parsed(text);
	const [event] = events;
	if (event === undefined || events.length > 1 || retries.length > 1) {
		throw new Error(`${events.length} events and ${retries.length} retries in one frame: ${text}`);
	}
	if (comments.length > 0 || errors.length > 0) throw new Error([...comments, ...errors].join());
	return { ...event, retry: retries[0] };
}
