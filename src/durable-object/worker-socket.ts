import { ConnectorError } from "../core/errors.ts";
import {
	type Notice,
	noticeMark,
	payloadMark,
	ping,
	pingEvery,
	receiptMark,
	silentCode,
	slowCode,
} from "./protocol.ts";

/** The part of a WebSocket in a Worker that is used here. */
export interface WebSocketLike {
	accept(): void;
	send(text: string): void;
	close(code?: number, reason?: string): void;
	addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
	addEventListener(type: "close", listener: (event: { code: number }) => void): void;
	addEventListener(type: "error", listener: (event: { error?: unknown }) => void): void;
}

/** The callbacks of a socket's owner. None is called after `onOver`. */
export interface SocketHandlers {
	onPayload(payload: string): void;
	onNotice(notice: Notice): void;
	/** A sign of life came. */
	onAlive(): void;
	/** The socket is over, and nobody here closed it. */
	onOver(error: ConnectorError): void;
}

/**
 * A Worker's end of the socket to a channel's object. Payloads are handed on as they come, so
 * nothing queues here. It confirms what it has read, and asks for signs of life: the platform
 * answers them without waking the object.
 */
export class WorkerSocket {
	readonly #socket: WebSocketLike;
	readonly #handlers: SocketHandlers;
	readonly #timer: ReturnType<typeof setInterval>;
	#over = false;
	/** Whether anything came since the last ping. */
	#heard = true;
	/** Read and not confirmed, in UTF-16 code units. */
	#read = 0;
	/** This many units must be read before a receipt is sent. */
	#confirm = Number.POSITIVE_INFINITY;

	constructor(socket: WebSocketLike, handlers: SocketHandlers) {
		this.#socket = socket;
		this.#handlers = handlers;
		socket.addEventListener("message", ({ data }) => {
			if (typeof data === "string") this.#onText(data);
		});
		socket.addEventListener("close", ({ code }) => {
			this.#lose(reasonOf(code) ?? "The channel's object is gone.");
		});
		socket.addEventListener("error", ({ error }) => {
			this.#lose("The channel's object is gone.", error);
		});
		socket.accept();
		this.#timer = setInterval(() => this.#ping(), pingEvery);
	}

	/** Nothing is handed on any more. Idempotent. */
	close(): void {
		if (this.#over) return;
		this.#over = true;
		clearInterval(this.#timer);
		this.#act(() => this.#socket.close(1000));
	}

	#onText(text: string): void {
		if (this.#over) return;
		this.#heard = true;
		const rest = text.slice(1);
		if (text.startsWith(payloadMark)) this.#handlers.onPayload(rest);
		else if (text.startsWith(noticeMark)) this.#onNotice(JSON.parse(rest));
		else this.#handlers.onAlive();
		this.#read += text.length;
		if (this.#read < this.#confirm || this.#over) return;
		const receipt = `${receiptMark}${this.#read}`;
		this.#read = 0;
		this.#act(() => this.#socket.send(receipt));
	}

	#onNotice(notice: Notice): void {
		if ("sockets" in notice) this.#confirm = notice.confirm;
		this.#handlers.onNotice(notice);
	}

	#ping(): void {
		if (!this.#heard) {
			this.#lose(`The channel's object gave no sign of life for ${pingEvery} ms.`);
			return;
		}
		this.#heard = false;
		this.#act(() => this.#socket.send(ping));
	}

	#lose(reason: string, cause?: unknown): void {
		if (this.#over) return;
		this.close();
		this.#handlers.onOver(new ConnectorError("unavailable", reason, { cause }));
	}

	#act(action: () => void): void {
		try {
			action();
		} catch {
			// The socket is over already, and its own event says so.
		}
	}
}

/** Why the object closed the socket. Undefined: it did not say. */
function reasonOf(code: number): string | undefined {
	if (code === slowCode) {
		return "The channel's object closed the socket: this Worker read too slowly.";
	}
	if (code !== silentCode) return undefined;
	return "The channel's object closed the socket: this Worker gave no sign of life.";
}
