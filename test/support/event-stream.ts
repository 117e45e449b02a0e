import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { patience } from "./wait.ts";

/**
 * One event stream as a client sees it: what arrived so far, and ways to wait for more. Everything is read with
 * the real parser. A wait that fails reports what had arrived until then.
 */
export class EventStream {
	readonly url: string;
	readonly status: number;
	readonly headers: Headers;
	/** Names and values exactly as sent, in order; only of a stream opened with `openSocketStream`. */
	readonly rawHeaders: readonly string[];
	readonly events: EventSourceMessage[] = [];
	readonly comments: string[] = [];
	readonly retries: number[] = [];
	/** Everything that was received. */
	text = "";
	/** `ended`: the server closed it cleanly. `broken`: the connection was lost. `closed`: by us. */
	state: "open" | "ended" | "broken" | "closed" = "open";
	readonly #leave: () => void;
	readonly #watchers = new Set<() => void>();
	readonly #decoder = new TextDecoder();
	readonly #problems: string[] = [];
	readonly #parser = createParser({
		onEvent: (event) => this.events.push(event),
		onComment: (comment) => this.comments.push(comment),
		onRetry: (retry) => this.retries.push(retry),
		onError: (error) => this.#problems.push(error.message),
	});

	constructor(head: {
		url: string;
		status: number;
		headers: Headers;
		rawHeaders?: readonly string[];
		leave: () => void;
	}) {
		this.url = head.url;
		this.status = head.status;
		this.headers = head.headers;
		this.rawHeaders = head.rawHeaders ?? [];
		this.#leave = head.leave;
	}

	feed(bytes: Uint8Array): void {
		const text = this.#decoder.decode(bytes, { stream: true });
		this.text += text;
		this.#parser.feed(text);
		this.#changed();
	}

	over(state: "ended" | "broken"): void {
		if (this.state !== "open") return;
		this.state = state;
		this.#changed();
	}

	/** Leaves, as a closed tab does. Idempotent. */
	close(): void {
		if (this.state === "open") this.state = "closed";
		this.#leave();
		this.#changed();
	}

	/** The n-th event (from 1). */
	async event(n = 1): Promise<EventSourceMessage> {
		return this.when(() => this.events[n - 1], `event ${n}`);
	}

	/** The first event that the test is looking for, on a channel that others use too. */
	first(matches: (event: EventSourceMessage) => boolean, what: string) {
		return this.when(() => this.events.find(matches), what);
	}

	/** The data of the first n events. */
	async data(n: number): Promise<string[]> {
		await this.when(() => this.events.length >= n, `${n} events`);
		return this.events.slice(0, n).map((event) => event.data);
	}

	/** At least n comments. The server sends the first one at the start. */
	async comment(n = 1): Promise<void> {
		await this.when(() => this.comments.length >= n, `comment ${n}`);
	}

	/** Until the server has ended it; `state` says whether cleanly. */
	async end(): Promise<void> {
		await this.when(() => this.state !== "open", "the end of the stream", { openOnly: false });
	}

	/** Waits until the condition returns something truthy. It is called whenever bytes arrive. */
	when<T>(
		condition: () => T,
		what: string,
		{ openOnly = true, timeout = patience } = {},
	): Promise<NonNullable<T>> {
		return new Promise((resolve, reject) => {
			const settle = (done: () => void) => {
				clearTimeout(timer);
				this.#watchers.delete(look);
				done();
			};
			const look = () => {
				const value = condition();
				if (value) settle(() => resolve(value));
				else if (openOnly && this.state !== "open") settle(() => reject(this.#inVain(what)));
			};
			const timer = setTimeout(() => settle(() => reject(this.#inVain(what, timeout))), timeout);
			this.#watchers.add(look);
			look();
		});
	}

	#inVain(what: string, timeout?: number): Error {
		const last = JSON.stringify(this.text.slice(-200));
		const problems = this.#problems.length === 0 ? "" : `; parser: ${this.#problems.join(", ")}`;
		return new Error(
			`${this.url}: ${what} did not come${timeout === undefined ? "" : ` within ${timeout} ms`}; ` +
				`the stream is ${this.state} with ${this.events.length} events, ${this.comments.length} ` +
				`comments, ${this.retries.length} retries, at last ${last}${problems}.`,
		);
	}

	#changed(): void {
		for (const look of [...this.#watchers]) look();
	}
}

/** Opens a stream with `fetch`; resolves with the response's head. */
export async function openStream(
	url: string,
	headers: Record<string, string> = {},
): Promise<EventStream> {
	const abort = new AbortController();
	const response = await fetch(url, {
		headers: { accept: "text/event-stream", ...headers },
		signal: AbortSignal.any([abort.signal]),
	});
	const { status } = response;
	const stream = new EventStream({
		url,
		status,
		headers: response.headers,
		leave: () => abort.abort(),
	});
	void read(response.body, stream);
	return stream;
}

async function read(body: ReadableStream<Uint8Array> | null, stream: EventStream): Promise<void> {
	try {
		for await (const chunk of body ?? []) stream.feed(chunk);
		stream.over("ended");
	} catch {
		stream.over("broken"); // a test is notified by the state; our own abort ends here too
	}
}

export interface SocketStream extends EventStream {
	/** Stops reading: what the server sends piles up. */
	pause(): void;
	/** Reads on. */
	resume(): void;
	/** Resets the connection, as a machine that suddenly loses its network. */
	reset(): void;
}

/** Opens a stream on a connection of its own, with node:http: for exact headers and abrupt endings. */
export async function openSocketStream(
	url: string,
	options: { method?: string; headers?: Record<string, string> } = {},
): Promise<SocketStream> {
	const request = httpRequest(url, { agent: false, ...options });
	const response = await new Promise<IncomingMessage>((resolve, reject) => {
		request.once("response", resolve).once("error", reject).end();
	});
	const { rawHeaders } = response;
	const pairs = rawHeaders.flatMap((name, i): [string, string][] =>
		i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? ""]] : [],
	);
	const stream = new EventStream({
		url,
		status: response.statusCode ?? 0,
		headers: new Headers(pairs),
		rawHeaders,
		leave: () => request.destroy(),
	});
	response.on("data", (chunk: Buffer) => stream.feed(chunk));
	response.on("end", () => stream.over("ended"));
	response.on("close", () => stream.over("broken"));
	// The state tells. Without a listener Node would end the test process.
	response.on("error", () => stream.over("broken"));
	request.on("error", () => stream.over("broken"));
	return Object.assign(stream, {
		pause: () => void response.pause(),
		resume: () => void response.resume(),
		reset: () => resetSocket(request),
	});
}

function resetSocket(request: ClientRequest): void {
	request.socket?.resetAndDestroy();
}
