import { createParser, type EventSourceMessage } from "eventsource-parser";
import { jsonOf, reached, refusal } from "./http.ts";

export interface FollowOptions {
	url: URL;
	token: string | undefined;
	lastEventId: string | undefined;
	/** What happens besides events, for people. */
	onNote(text: string): void;
}

export interface TailEvent extends EventSourceMessage {
	type: string;
	/** The last id that came, which an event without one has, too. */
	lastEventId: string;
}

/** Characters of an event that are held. */
const longest = 16 * 1_048_576;
/** Characters of an id that is sent back: what fits into a request's header. */
const longestId = 8_192;
/** Until the next attempt, in ms, where the server has named no time; doubled for each that fails, up to the second. */
const [firstPause, longestPause] = [1_000, 30_000];
/** What a server may name, in ms: none makes us knock without a pause, or stay away for good. */
const [leastRetry, mostRetry] = [250, 300_000];

/** What the server said that no other attempt will change. */
class Refused extends Error {}

/**
 * The events of a stream, for ever: one that ends or breaks is asked for again, from where it was. Only the first
 * attempt may fail.
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

// A header's bytes are characters to `fetch`: those of UTF-8, as browsers send them.
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
		// In their order: an id counts from its own event on.
		for (const each of events.splice(0)) {
			if ("newId" in each) hooks.onId(each.newId);
			else yield each;
		}
	}
}
