import type { ServerSentEvents } from "../../../../src/core/sse.ts";

/** A reader of `messages()` with the interface of a client. It reads on unless it is paused. */
export class Iteration {
	readonly events: { event: string | undefined; data: string }[] = [];
	lastEventId: string | undefined;
	state: "open" | "ended" = "open";
	readonly #messages: AsyncIterableIterator<{
		data: unknown;
		type: string | undefined;
		id: string | undefined;
	}>;
	#paused = false;
	#reading = false;

	constructor(sse: ServerSentEvents, channel: string, lastEventId: string) {
		this.lastEventId = lastEventId;
		this.#messages = sse.messages(channel, { lastEventId });
		this.resume();
	}

	pause(): void {
		this.#paused = true;
	}

	resume(): void {
		this.#paused = false;
		if (!this.#reading) void this.#read();
	}

	close(): void {
		this.state = "ended";
		void this.#messages.return?.();
	}

	async #read(): Promise<void> {
		this.#reading = true;
		try {
			while (!this.#paused && this.state === "open") {
				const { done, value } = await this.#messages.next();
				// A message that arrives after close() does not count as seen.
				if (done || this.state !== "open") break;
				const { data, type, id } = value;
				const text = typeof data === "string" ? data : JSON.stringify(data);
				this.events.push({ event: type, data: text });
				this.lastEventId = id ?? this.lastEventId;
			}
			if (!this.#paused) this.state = "ended";
		} catch {
			this.state = "ended"; // the visitor opens another one with the last id
		}
		this.#reading = false;
	}
}
