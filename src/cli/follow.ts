import { createParser, type EventSourceMessage } from "eventsource-parser";
import { jsonOf, reached, refusal } from "./http.ts";

export interface FollowOptions {
	url: URL;
	token: string | undefined;
	lastEventId: string | undefined;
	/** Called with a sentence for what happens besides events. */
	onNote(text: string): void;
}

export interface TailEvent extends EventSourceMessage {
	type: string;
	/** The id of this event, or of the last one that had an id. */
	lastEventId: string;
}

/** How long an event may be, in characters. */
const longest = 16 * 1_048_576;
/** How long an id may be that is sent back, in characters. It must fit into a request's header. */
const longestId = 8_192;
/** The pause before the next attempt, in ms, if the server named none: the first one, and the longest. Each failure doubles it. */
const [firstPause, longestPause] = [1_000, 30_000];
/** The shortest and the longest pause that a server may ask for, in ms. */
const [leastRetry, mostRetry] = [250, 300_000];

/** The server has refused, and another attempt would change nothing. */
class Refused extends Error {}

/**
 * Yields the events of a stream for ever. A stream that ends or breaks is requested again from its last id. Only the
 * first attempt may fail.
 */
export async function* follow(options: FollowOptions): AsyncGenerator<TailEvent> {
	const { url, token, onNote } = options;
	let lastEventId = options.lastEventId ?? "";
	let retry: number | undefined;
	let hasOpened = false;
	for (let failures = 0; ; failures++) {
		try {
			const body = await opened(url, token, lastEventId);
			onNote(hasOpened ? "connected again" : `connected to ${url.host}`);
			hasOpened = true;
			for await (const event of eventsOf(body, {
				onId: (id) => {
					if (id.length <= longestId) lastEventId = id;
				},
				onRetry: (ms) => {
					retry = Math.min(Math.max(ms, leastRetry), mostRetry);
				},
			})) {
				failures = -1;
				yield { ...event, type: event.event ?? "message", lastEventId };
			}
			onNote("the stream has ended");
		} catch (error) {
			if (error instanceof Refused || !hasOpened) throw error;
			onNote(`the stream is lost: ${(error as Error).message}`);
		}
		const least = retry ?? firstPause;
		const pause = Math.min(least * 2 ** Math.max(failures, 0), Math.max(least, longestPause));
		await new Promise((later) => setTimeout(later, pause * (0.75 + Math.random() / 4)));
	}
}

async function opened(
	url: URL,
	token: string | undefined,
	lastEventId: string,
): Promise<ReadableStream<Uint8Array>> {
	const headers = {
		accept: "text/event-stream",
		"cache-control": "no-store",
		...(token !== undefined && { authorization: `Bearer ${token}` }),
		...(lastEventId !== "" && { "last-event-id": inBytes(lastEventId) }),
	};
	const response = await reached(url, { headers });
	const { status, body } = response;
	const type = response.headers.get("content-type") ?? "";
	if (status === 200 && body !== null && /^text\/event-stream\b/i.test(type)) return body;
	if (status === 200) {
		await body?.cancel();
		throw new Refused(`${url.host} answered with no event stream.`);
	}
	const message = refusal(url, response, await jsonOf(response));
	const isFinal = status < 500 && status !== 408 && status !== 429;
	throw isFinal ? new Refused(message) : new Error(message);
}

// `fetch` takes each character of a header as one byte. Browsers send the id in UTF-8.
function inBytes(text: string): string {
	return String.fromCharCode(...new TextEncoder().encode(text));
}

async function* eventsOf(
	body: ReadableStream<Uint8Array>,
	hooks: { onId(id: string): void; onRetry(ms: number): void },
): AsyncGenerator<EventSourceMessage> {
	const events: (EventSourceMessage | { newId: string })[] = [];
	const parser = createParser({
		maxBufferSize: longest,
		onEvent: (event) => events.push(event),
		onId: (newId) => events.push({ newId }),
		onRetry: hooks.onRetry,
	});
	const decoder = new TextDecoder();
	for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
		parser.feed(decoder.decode(chunk, { stream: true }));
		// In order, because an id counts from its own event on.
		for (const each of events.splice(0)) {
			if ("newId" in each) hooks.onId(each.newId);
			else yield each;
		}
	}
}
