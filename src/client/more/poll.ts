/** What a client loads when something in between holds its streams back. It imports nothing that is loaded. */
import type { Source, SourceOptions } from "../source.ts";
import type { EventClientOptions } from "../types.ts";
import type { RequestSource } from "./request-source.ts";
import { tryStreams } from "./trials.ts";

/** How long an answer may wait for a message, in s: the longest that a server takes. */
const longestWait = 25;

/** How long an answer may take beyond that, in ms. */
const answerWithin = 15_000;

/** From one request to the next, in ms: after an answer with events, and after one without. */
const pause = 250;
const longPause = 2_000;

/** The longest answer, in characters. A server's are of 1 MiB, or have a single event. */
const longestAnswer = 16_777_216;

interface Answer {
	messages: { id?: string; type: string; data: string }[];
	lastEventId: string;
}

type Open = (target: URL, options: SourceOptions, cursor: string | undefined) => Source;

/**
 * Asks once. When the server answers, the client's next source asks again and again.
 *
 * @param Request what reads by `fetch`.
 * @param pollers says what opens a client's next source, where that is no stream.
 * @param openStream opens a stream, as the client does where streams come through.
 */
export function askWith(
	Request: typeof RequestSource,
	pollers: WeakMap<SourceOptions, Open>,
	openStream: Open,
	target: URL,
	options: SourceOptions,
	cursor: string | undefined,
	onAnswer: () => void,
): void {
	const open: Open = (url, _, at) => {
		const own = new URL(url);
		const tryStream = (now: string | undefined) => openStream(url, options, now);
		const source = new Request(own, options, (it) =>
			poll(it, own, at, options, tryStream, () => pollers.delete(options)),
		);
		source.polls = true;
		return source;
	};
	const source = open(target, options, cursor);
	source.addEventListener("open", () => {
		source.close();
		pollers.set(options, open);
		onAnswer();
	});
	source.addEventListener("error", () => source.close());
}

/**
 * Asks for messages again and again: an answer that ends gets through. Now and then it tries a
 * stream.
 *
 * @param target is changed with each request.
 * @param cursor where to begin. Undefined: with new events.
 * @param onEnd is told that streams come through, or that the server is not asked like this.
 */
async function poll(
	it: RequestSource,
	target: URL,
	cursor: string | undefined,
	{ watchdog }: EventClientOptions,
	openStream: (cursor: string | undefined) => Source,
	onEnd: () => void,
): Promise<void> {
	let position = cursor;

	const ask = async (wait: number): Promise<Answer> => {
		target.searchParams.set("wait", String(wait));
		target.searchParams.set("limit", "500");
		if (position !== undefined) target.searchParams.set("lastEventId", position);
		const type = "application/json";
		const response = await it.request(type);
		await it.accepted(response, type, "JSON");
		const answer = JSON.parse(await textOf(response)) as Answer;
		if (Array.isArray(answer.messages) && typeof answer.lastEventId === "string") return answer;
		throw new TypeError("The server answered with JSON of another kind.");
	};

	const hand = (type: string, data: string, id: string): void => {
		position = id || position;
		it.emit(type, { data, lastEventId: position ?? "" });
	};

	/** The next source is a stream, at once. */
	const leave = (error?: unknown): void => {
		it.polls = false;
		onEnd();
		it.emit("sse.retry", { data: "0", lastEventId: "" });
		it.fail(error);
	};
	// An answer may take longer than the page's own watchdog allows.
	const beat = setInterval(() => it.emit("open", {}), (watchdog || 3 * longestWait * 1_000) / 3);
	it.closed.addEventListener("abort", () => clearInterval(beat));

	try {
		for (let wait = 0; !it.closed.aborted; wait = longestWait) {
			const began = Date.now();
			const { messages, lastEventId } = await within(ask(wait), wait * 1_000 + answerWithin, it);
			if (wait === 0) {
				tryStreams(it.closed, () => openStream(position), leave);
			}
			it.emit("open", {});
			for (const { id = "", type, data } of messages) hand(type, data, id);
			// It has the position, also after messages that were filtered out.
			hand("sse.ping", String(longestWait * 1_000), lastEventId);
			const longest = wait === 0 ? 0 : messages.length > 0 ? pause : longPause;
			// The clock may have been set back meanwhile.
			const rest = Math.min(longest, began + longest - Date.now());
			await new Promise<void>((resolve) => after(Math.max(0, rest), it, resolve));
		}
	} catch (error) {
		const { status = 500 } = error as { status?: number };
		if (status >= 429 || [204, 401, 403].includes(status)) throw error;
		leave(error);
	}
}

/** @throws {Error} when it takes longer, in ms. */
function within<T>(answer: Promise<T>, ms: number, it: RequestSource): Promise<T> {
	return new Promise((resolve, reject) => {
		const stop = after(ms, it, () => reject(new Error("The server did not answer.")));
		answer.then(resolve, reject).finally(stop);
	});
}

/**
 * Calls back after this time, in ms, unless the source is closed before.
 *
 * @returns what stops it, so that nothing of it stays.
 */
function after(ms: number, { closed }: RequestSource, run: () => void): () => void {
	const stop = (): void => {
		clearTimeout(timer);
		closed.removeEventListener("abort", stop);
	};
	const timer = setTimeout(() => {
		stop();
		run();
	}, ms);
	closed.addEventListener("abort", stop);
	return stop;
}

/** @throws {RangeError} when it is too long to be held. */
async function textOf(response: Response): Promise<string> {
	// Not every host's `fetch` has a body that streams.
	if (!response.body) return response.text();
	const decoder = new TextDecoder();
	const reader = response.body.getReader();
	let text = "";
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return text;
		text += decoder.decode(value, { stream: true });
		if (text.length > longestAnswer) {
			await reader.cancel();
			throw new RangeError(`The server sent an answer of over ${longestAnswer} characters.`);
		}
	}
}
