import type { Source, SourceOptions } from "../source.ts";
import { EventParser } from "./event-parser.ts";
import { RequestSource } from "./request-source.ts";

/** After a `retry` of less, in ms, a client would reconnect without a pause. */
const shortestRetry = 250;

/** Characters of an id that is sent back: what fits into a request's header. */
const longestId = 8_192;

/** The clients whose request was sent. */
const begun = /* @__PURE__ */ new WeakSet<SourceOptions>();

/**
 * Reads one event stream by `fetch`.
 *
 * @param cursor where to begin. Undefined: with new events.
 */
export function fetchSource(url: URL, options: SourceOptions, cursor = ""): Source {
	/** Whether nothing is sent again. */
	const once = isForeign(options) && options.retry !== true;
	return new RequestSource(url, options, async (it) => {
		try {
			if (once && begun.has(options)) {
				throw new Error("With a method or a body nothing is sent again, unless `retry` is true.");
			}
			begun.add(options);
			const isFit = cursor !== "" && cursor.length <= longestId;
			const type = "text/event-stream";
			const response = await it.request(type, isFit ? inBytes(cursor) : undefined, once);
			await it.accepted(response, type, "an event stream");
			await read(response, it);
			it.fail(undefined, once);
		} catch (error) {
			it.fail(error, once);
		}
	});
}

/** Resolves when the server has ended the stream. */
async function read({ body }: Response, it: RequestSource): Promise<void> {
	if (!body) {
		throw new Error("fetch: gives no stream here. Hand in one that does, as the option fetch.");
	}
	it.emit("open", {});
	const decoder = new TextDecoder();
	const parser = new EventParser({
		onEvent: (type, data, lastEventId) => it.emit(type, { data, lastEventId }),
		onRetry: (ms) => it.comeBackAfter(Math.max(ms, shortestRetry)),
		// A sign of life, as far as the client is concerned.
		onComment: () => it.emit("open", {}),
	});
	const reader = body.getReader();
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		parser.feed(decoder.decode(value, { stream: true }));
	}
}

/** Whether it is a request that may do something, or a server of another kind. */
export function isForeign({ method, body }: SourceOptions): boolean {
	return (method ?? body) !== undefined;
}

/** A header's bytes are characters to `fetch`: those of UTF-8, as browsers send them. */
function inBytes(text: string): string {
	return String.fromCharCode(...new TextEncoder().encode(text));
}
