import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { patience, within } from "../../support/wait.ts";

/** A request as its bytes, and the sign that it is over. */
export interface Exchange {
	bytes: Buffer;
	/**
	 * - `streamed`: a refusal, or a stream that has told the client its position: all is read by then.
	 * - `answered`: this many answers.
	 * - `closed`: the hub closes the connection.
	 * - `broken`: the client breaks the connection off when the hub has read what there is.
	 */
	until: "streamed" | "closed" | "broken" | { answers: number };
}

/** Sends it over a connection of its own. @param isRead resolves when the hub has read what came before. */
export async function exchange(
	port: number,
	{ bytes, until }: Exchange,
	isRead: () => Promise<void>,
): Promise<string> {
	const socket = connect(port, "127.0.0.1");
	// A refused request is not read to its end, and the hub may reset the rest.
	socket.on("error", () => undefined);
	// `once()` of node:events would reject at such an error.
	const closed = new Promise((resolve) => socket.once("close", resolve));
	const answer = answered(socket, until);
	socket.write(bytes);
	try {
		if (until === "broken") {
			await isRead();
			socket.resetAndDestroy();
			await isRead();
		} else {
			await within(
				Promise.race([answer.over, closed]),
				patience,
				`the end of ${bytes.subarray(0, 80)}`,
			);
		}
	} finally {
		socket.destroy();
	}
	await closed;
	return answer.text();
}

function answered(socket: Socket, until: Exchange["until"]) {
	let text = "";
	const over = new Promise<void>((resolve) => {
		socket.on("data", (bytes: Buffer) => {
			text += bytes.toString("latin1");
			if (isOver(text, until)) resolve();
		});
	});
	return { over, text: () => text };
}

function isOver(text: string, until: Exchange["until"]): boolean {
	if (until === "closed" || until === "broken") return false;
	const answers = text.split("HTTP/1.1 ").length - 1;
	const hasHead = text.includes("\r\n\r\n");
	if (until !== "streamed") return hasHead && answers >= until.answers;
	return hasHead && (!text.startsWith("HTTP/1.1 200") || /\nid:/.test(text));
}

/**
 * Requests `/healthz` over one connection, again and again, and returns how long the hub's event loop delayed
 * it.
 */
export class Probe {
	readonly #socket: Socket;
	#text = "";
	#answered: () => void = () => undefined;

	private constructor(socket: Socket) {
		this.#socket = socket;
		socket.on("data", (bytes: Buffer) => {
			this.#text += bytes.toString("latin1");
			if (/\r\n\r\n\{.*\}$/s.test(this.#text)) this.#answered();
		});
	}

	static async open(port: number): Promise<Probe> {
		const socket = connect(port, "127.0.0.1");
		await once(socket, "connect");
		return new Probe(socket);
	}

	async ask(): Promise<void> {
		this.#text = "";
		const answer = new Promise<void>((resolve) => {
			this.#answered = resolve;
		});
		this.#socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
		await within(answer, patience, "an answer of /healthz");
		if (!this.#text.startsWith("HTTP/1.1 200")) throw new Error(`/healthz: ${this.#text}`);
	}

	close(): void {
		this.#socket.destroy();
	}
}
