import { callHandler } from "../connectors/shared/handlers.ts";
import type { Subscription, SubscriptionHandlers } from "../core/connector.ts";
import { ConnectorError, closedError } from "../core/errors.ts";
import { errorOf, type Notice } from "./protocol.ts";
import { type SocketHandlers, type WebSocketLike, WorkerSocket } from "./worker-socket.ts";

/**
 * The first attempt after a loss follows within this time, in ms. Each further one waits up to
 * twice as long.
 */
const firstBackoff = 100;
const longestBackoff = 30_000;

/**
 * A deploy closes all sockets of an object at once. For each that it held, the attempts are
 * spread over this time more, in ms.
 */
const spreadPerSocket = 2;

/** Resolves to a socket that is not accepted yet. `isAgain`: there was one before. */
type Opener = (signal: AbortSignal, isAgain: boolean) => Promise<OpenedSocket>;

export interface OpenedSocket {
	/** Not accepted yet. */
	socket: WebSocketLike;
	/** The channel's newest in the turn in which the object took the socket. Undefined: it did not say. */
	position: string | undefined;
}

/**
 * One channel's payloads from its object, on a WebSocket that stays open while the object
 * sleeps. A deploy or a crash of the object breaks it, and another is opened.
 */
export class ObjectSubscription implements Subscription, SocketHandlers {
	/** The channel's newest when the first socket was taken, where the object said so. */
	position: string | undefined;
	readonly #open: Opener;
	readonly #handlers: SubscriptionHandlers;
	readonly #onDone: () => void;
	readonly #onMembers: ((told: object) => void) | undefined;
	readonly #abort = new AbortController();
	#socket: WorkerSocket | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	/** Consecutive sockets that brought nothing: one that breaks at once is no success. */
	#failures = 0;
	/** How many sockets the object held when it took this one. */
	#sockets = 1;
	/** Whether the handlers know of a loss: of the object, or of its own upstream. */
	#lost = false;

	/** @param onMembers is called with members, or with joins and leaves. */
	constructor(
		open: Opener,
		handlers: SubscriptionHandlers,
		onDone: () => void,
		onMembers?: (told: object) => void,
	) {
		this.#open = open;
		this.#handlers = handlers;
		this.#onDone = onDone;
		this.#onMembers = onMembers;
	}

	/**
	 * @throws {ConnectorError} when the object cannot be reached, or the connector is closed
	 *   meanwhile.
	 */
	async start(): Promise<void> {
		try {
			await this.#connect();
		} catch (error) {
			const overtaken = this.#ended;
			this.#finish();
			throw overtaken ? closedError("durable-object connector") : error;
		}
	}

	async unsubscribe(): Promise<void> {
		this.#finish();
	}

	/** Ends a subscription that is live or reconnecting. Before that, `start()` reports the end. */
	end(error: ConnectorError): void {
		if (this.#ended) return;
		const started = this.#socket !== undefined;
		this.#finish();
		if (started) callHandler(this.#handlers, "onEnd", error);
	}

	onPayload(payload: string): void {
		this.#failures = 0;
		callHandler(this.#handlers, "onMessage", payload);
	}

	onAlive(): void {
		this.#failures = 0;
	}

	onNotice(notice: Notice): void {
		if ("sockets" in notice) this.#sockets = notice.sockets;
		else if ("end" in notice) this.end(errorOf(notice.end));
		else if ("disconnect" in notice) callHandler(this.#handlers, "onDisconnect", notice.disconnect);
		else if ("members" in notice) this.#onMembers?.(notice.members);
		else if ("lost" in notice) this.#lose(errorOf(notice.lost));
		else this.#restore();
	}

	onOver(error: ConnectorError): void {
		this.#lose(error);
		this.#retry();
	}

	get #ended(): boolean {
		return this.#abort.signal.aborted;
	}

	#finish(): void {
		clearTimeout(this.#timer);
		this.#abort.abort();
		this.#socket?.close();
		this.#onDone();
	}

	async #connect(): Promise<void> {
		const isAgain = this.#socket !== undefined;
		const { socket, position } = await this.#open(this.#abort.signal, isAgain);
		if (!isAgain) this.position = position;
		this.#socket = new WorkerSocket(socket, this);
		if (!this.#ended) return;
		this.#socket.close();
		throw closedError("subscription");
	}

	#lose(error: ConnectorError): void {
		if (this.#lost) return;
		this.#lost = true;
		callHandler(this.#handlers, "onLost", error);
	}

	#restore(): void {
		if (!this.#lost) return;
		this.#lost = false;
		callHandler(this.#handlers, "onRestored");
	}

	#retry(): void {
		if (this.#ended) return;
		const first = firstBackoff + spreadPerSocket * this.#sockets;
		const ceiling = Math.min(Math.max(longestBackoff, first), first * 2 ** this.#failures++);
		this.#timer = setTimeout(() => void this.#reconnect(), Math.random() * ceiling);
	}

	async #reconnect(): Promise<void> {
		try {
			await this.#connect();
		} catch (error) {
			if (this.#ended) return;
			if (error instanceof ConnectorError && error.code === "refused") this.end(error);
			// The loss is already reported. This is one more failed attempt.
			else this.#retry();
			return;
		}
		this.#restore();
	}
}
