/** A question has a number, and its answer the same one. What expects no answer has none. */
interface Told {
	readonly what?: string;
	readonly value?: unknown;
	readonly number?: number;
	readonly error?: string;
}

/** What a process answers, by the name of the question. */
export type Answers = Record<string, (value: never) => unknown>;

/** How long an answer may take, in ms. */
const patience = 5_000;

/** The other end of the line between a parent process and one of its children. Both speak JSON. */
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

	/** Says something that is not answered. */
	tell(what: string, value?: unknown): void {
		this.#send({ what, value });
	}

	/** Rejects when the other one cannot answer, or not in time. */
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

	/** A message came. */
	async receive(message: unknown): Promise<void> {
		// Deno tells a process's end before what the process said last. Nothing is given to one that has ended.
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
			// What is only told has nobody who waits: its receiver takes care of its failures.
			if (number === undefined) throw cause;
			this.#send({ number, error: cause instanceof Error ? cause.message : String(cause) });
		}
	}

	/** The other one is gone: nobody waits for it. */
	close(): void {
		this.#isClosed = true;
		for (const settle of this.#waiting.values()) settle({ error: "The other process has ended." });
		this.#waiting.clear();
	}
}
