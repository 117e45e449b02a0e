import { once } from "node:events";

interface Answer {
	id?: number;
	result?: unknown;
	error?: string;
	message?: string;
}

interface Waiting {
	resolve(result: unknown): void;
	reject(error: Error): void;
}

/**
 * A connection by WebDriver BiDi. The suites need six of its commands. A package for all of them would need
 * more maintenance.
 *
 * @see https://w3c.github.io/webdriver-bidi/
 */
export class Bidi {
	readonly #socket: WebSocket;
	readonly #waiting = new Map<number, Waiting>();
	#id = 0;
	#last: Promise<unknown> = Promise.resolve();

	static async open(address: string): Promise<Bidi> {
		const bidi = new Bidi(new WebSocket(address));
		await once(bidi.#socket, "open");
		return bidi;
	}

	private constructor(socket: WebSocket) {
		this.#socket = socket;
		socket.addEventListener("message", ({ data }) => this.#receive(JSON.parse(String(data))));
		socket.addEventListener("close", () => {
			for (const { reject } of this.#waiting.values()) reject(new Error("The browser is gone."));
			this.#waiting.clear();
		});
	}

	send<T>(method: string, params: object = {}): Promise<T> {
		const id = ++this.#id;
		return new Promise<T>((resolve, reject) => {
			this.#waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
			this.#socket.send(JSON.stringify({ id, method, params }));
		});
	}

	/** For what Firefox cannot do with several tabs at a time: start a process for each, and end it. */
	inTurn<T>(method: string, params: object): Promise<T> {
		const result = this.#last.then(() => this.send<T>(method, params));
		this.#last = result.catch(() => undefined);
		return result;
	}

	#receive({ id = 0, result, error, message }: Answer): void {
		const waiting = this.#waiting.get(id);
		this.#waiting.delete(id);
		if (error === undefined) waiting?.resolve(result);
		else waiting?.reject(new Error(`${error}: ${message}`));
	}
}
