/** A message. A question has a number, and its answer has the same one. A message without a number gets no answer. */
interface Told {
	readonly what?: string;
	readonly value?: unknown;
	readonly number?: number;
	readonly error?: string;
}

/** The functions that answer, by the name of the question. */
export type Answers = Record<string, (value: never) => unknown>;

/** How long an answer may take, in ms. */
const patience = 5_000;

/** The process at the other end: a child to its parent, or the parent to a child. They exchange JSON. */
export class Peer {
	readonly #send: (message: object) => void;
	readonly #answers: Answers;
	readonly #waiting = new Map<number, (told: Told) => void>();
	#last = 0;
	#isClosed = false;

	constructor(send: (message: object) => void, answers: Answers) {
		this.#send = send;
		this.#answers = answers;
	}

	/** Sends a message that gets no answer. */
	tell(what: string, value?: unknown): void {
		this.#send({ what, value });
	}

	/** Asks a question. Rejects when the other process fails to answer, or is late. */
	ask<Answer>(what: string, value?: unknown, within: number = patience): Promise<Answer> {
		const number = ++this.#last;
		return new Promise<Answer>((resolve, reject) => {
			const timer = setTimeout(() => {
				this.#waiting.delete(number);
				reject(new Error(`Another process of the hub did not answer within ${within} ms.`));
			}, within);
			this.#waiting.set(number, ({ value: answer, error }) => {
				clearTimeout(timer);
				if (error === undefined) resolve(answer as Answer);
				else reject(new Error(error));
			});
			this.#send({ what, value, number });
		});
	}

	/** Takes a message of the other process. Rejects when it needs no answer and could not be carried out. */
	async receive(message: unknown): Promise<void> {
		// Deno reports a process's end before its last messages. They must not lend anything to a process that has ended.
		if (this.#isClosed) return;
		const { what, value, number, error } = Object(message) as Told;
		if (what === undefined) {
			const settle = this.#waiting.get(number ?? 0);
			this.#waiting.delete(number ?? 0);
			settle?.({ value, ...(error !== undefined && { error }) });
			return;
		}
		try {
			const answer = await this.#answers[what]?.(value as never);
			if (number !== undefined) this.#send({ number, value: answer });
		} catch (cause) {
			// The sender does not wait for an answer, so the error goes to our caller.
			if (number === undefined) throw cause;
			this.#send({ number, error: cause instanceof Error ? cause.message : String(cause) });
		}
	}

	/** To be called when the other process has ended. Rejects all questions. */
	close(): void {
		this.#isClosed = true;
		for (const settle of this.#waiting.values()) settle({ error: "The other process has ended." });
		this.#waiting.clear();
	}
}
