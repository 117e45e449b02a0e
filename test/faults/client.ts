import { connect, type Socket } from "node:net";
import { streamUrl } from "../support/hub-client.ts";
import { within } from "../support/wait.ts";

export interface ClientOptions {
	/** `never`: nothing is read. `trickle`: a byte a second. */
	reads?: "all" | "never" | "trickle";
	lastEventId?: string | undefined;
	/** Through it, instead of straight to the hub. */
	port?: number;
}

/** One event, with the fields that these tests need. */
export interface Seen {
	id: string | undefined;
	data: string;
	/** When it came, by `performance.now()`. */
	at: number;
}

const decoder = new TextDecoder();

/**
 * A client on a bare socket: thousands of them are cheap, and it can break any rule. It reads frames and
 * ignores HTTP's chunk sizes in between, which are on lines of their own.
 */
export class Client {
	readonly events: Seen[] = [];
	/** The id that a browser would come back with: also of a frame that is no event. */
	lastEventId: string | undefined;
	retries = 0;
	/** `ended`: the response was finished. `broken`: the connection was lost before. */
	state: "open" | "ended" | "broken" | "closed" = "open";
	readonly #socket: Socket;
	readonly #opened: Promise<void>;
	readonly #over: Promise<void>;
	readonly #onEvent: (event: Seen) => void;
	#text = "";
	/** The remaining bytes of a body with a content length. */
	#missing = Number.POSITIVE_INFINITY;
	#hasHead = false;
	#trickle: NodeJS.Timeout | undefined;

	constructor(
		server: { url: string },
		channels: readonly string[],
		{ reads = "all", lastEventId, port }: ClientOptions = {},
		onEvent: (event: Seen) => void = () => undefined,
	) {
		this.#onEvent = onEvent;
		const url = new URL(streamUrl(server, ...channels));
		const onread = { buffer: new Uint8Array(1), callback: () => false };
		this.#socket = connect({
			port: port ?? Number(url.port),
			host: "127.0.0.1",
			...(reads === "trickle" ? { onread } : {}),
		});
		const opened = Promise.withResolvers<void>();
		const over = Promise.withResolvers<void>();
		this.#opened = opened.promise;
		this.#over = over.promise;
		const id = lastEventId === undefined ? "" : `Last-Event-ID: ${lastEventId}\r\n`;
		this.#socket.write(
			`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n${id}\r\n`,
		);
		this.#socket.setNoDelay(true);
		// How it ended is in `state`.
		this.#socket.on("error", () => undefined);
		this.#socket.on("close", () => {
			clearInterval(this.#trickle);
			if (this.state === "open") this.state = "broken";
			opened.resolve();
			over.resolve();
		});
		if (reads === "never") this.#socket.pause();
		if (reads === "trickle") this.#trickle = setInterval(() => this.#socket.resume(), 1_000);
		if (reads !== "all") return;
		this.#socket.on("data", (chunk) => {
			opened.resolve();
			this.#read(decoder.decode(chunk));
			if (this.state === "ended") over.resolve();
		});
	}

	/** Until the first bytes are there, or it is over. */
	opened(): Promise<void> {
		return within(this.#opened, 60_000, "the first bytes of a stream");
	}

	/** Until it is over. */
	over(timeout = 60_000): Promise<void> {
		return within(this.#over, timeout, "the end of a stream");
	}

	/** Closes properly, or resets like a machine that lost its network and restarted. */
	close(how: "end" | "reset" = "end"): void {
		if (this.state === "open") this.state = "closed";
		if (how === "reset") this.#socket.resetAndDestroy();
		else this.#socket.destroy();
	}

	#read(text: string): void {
		const at = performance.now();
		this.#text += text;
		if (!this.#hasHead) {
			const end = this.#text.indexOf("\r\n\r\n");
			if (end === -1) return;
			this.#hasHead = true;
			const length = /^content-length: (\d+)/im.exec(this.#text.slice(0, end))?.[1];
			this.#text = this.#text.slice(end + 2);
			if (length !== undefined) this.#missing = Number(length) + 2 - this.#text.length;
		} else this.#missing -= text.length;
		if (this.#missing <= 0 && this.state === "open") this.state = "ended";
		// The last chunk of a response has the size 0.
		if (this.#text.endsWith("\r\n0\r\n\r\n") && this.state === "open") this.state = "ended";
		const frames = this.#text.split("\n\n");
		this.#text = frames.pop() ?? "";
		for (const frame of frames) {
			if (/^retry:\d+$/m.test(frame)) this.retries++;
			const id = /^id:(.*)$/m.exec(frame)?.[1];
			this.lastEventId = id ?? this.lastEventId;
			const data = /^data:(.*)$/m.exec(frame)?.[1];
			if (data === undefined) continue;
			const event = { id, data, at };
			this.events.push(event);
			this.#onEvent(event);
		}
	}
}

/** This many clients that have all seen their first bytes. */
export async function crowd(count: number, open: (index: number) => Client): Promise<Client[]> {
	const clients: Client[] = [];
	// In waves: the queue of new connections is bounded.
	for (let begin = 0; begin < count; begin += 200) {
		const size = Math.min(200, count - begin);
		const wave = Array.from({ length: size }, (_, index) => open(begin + index));
		clients.push(...wave);
		await Promise.all(wave.map((client) => client.opened()));
	}
	return clients;
}
