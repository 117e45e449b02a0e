import type { ObjectSocket } from "cloudflare:workers";
import type { Connector, Subscription, SubscriptionHandlers } from "../core/connector.ts";
import type { ConnectorError } from "../core/errors.ts";
import type { Guest } from "./guest.ts";
import { lastMade } from "./last-made.ts";
import { Members } from "./members.ts";
import {
	type Ending,
	failureOf,
	membersNotice,
	type Notice,
	noticeMark,
	payloadMark,
	ping,
	pong,
} from "./protocol.ts";
import { socketPair } from "./socket-pair.ts";
import { checkRoom, opening, type SocketLimits } from "./sockets.ts";
import { Unread } from "./unread.ts";

/**
 * The sockets of Workers at an object that relays. One subscription at the upstream feeds them
 * all. It would end with the object's memory, and nothing would wake the object for a message:
 * so the sockets are accepted without hibernation, which keeps the object awake.
 */
export class RelaySockets implements SubscriptionHandlers {
	readonly #upstream: Connector;
	readonly #limits: SocketLimits;
	readonly #linger: number;
	readonly #unread = new Unread();
	readonly #noticeOf = lastMade(membersNotice);
	readonly #sockets = new Map<ObjectSocket, Guest | undefined>();
	/** The members behind the sockets. */
	readonly members: Members = new Members(() => []);
	/** Sockets, including those that wait for the upstream. */
	#users = 0;
	#subscribing: Promise<Subscription> | undefined;
	#lost: ConnectorError | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param linger how long the subscription outlives the last socket, in ms. */
	constructor(upstream: Connector, limits: SocketLimits, linger: number) {
		this.#upstream = upstream;
		this.#limits = limits;
		this.#linger = linger;
	}

	/**
	 * Takes a Worker's socket once the upstream's subscription is live.
	 *
	 * @param guest the member behind the stream.
	 * @param wait how long the list of members is held back, in ms.
	 * @throws {ConnectorError} when the upstream is away or refuses, or there are too many sockets.
	 */
	async accept(channel: string, guest?: Guest, wait = 0): Promise<Response> {
		checkRoom(this.#users, this.#limits);
		this.#users++;
		clearTimeout(this.#timer);
		try {
			this.#subscribing ??= this.#subscribe(channel);
			await this.#subscribing;
			if (this.#lost !== undefined) throw this.#lost;
		} catch (error) {
			this.#release();
			throw error;
		}
		const { answer, socket } = socketPair();
		socket.accept();
		socket.addEventListener("message", ({ data }) => {
			if (data === ping) this.#send(socket, pong);
			else this.#unread.receive(socket, data);
		});
		socket.addEventListener("close", () => this.#leave(socket));
		socket.addEventListener("error", () => this.#leave(socket));
		this.#sockets.set(socket, guest);
		this.#send(socket, opening(this.#users, this.#limits));
		if (guest !== undefined) {
			const tell = (json: string) => this.#send(socket, this.#noticeOf(json));
			this.members.join(socket, guest, tell, wait);
		}
		return answer;
	}

	/** @returns how many Workers heard it. */
	disconnect(ending: Ending): number {
		const { size } = this.#sockets;
		this.#tell({ disconnect: ending });
		return size;
	}

	onMessage(payload: string): void {
		const text = payloadMark + payload;
		for (const socket of this.#sockets.keys()) this.#send(socket, text);
	}

	onLost(error: ConnectorError): void {
		this.#lost = error;
		this.#tell({ lost: failureOf(error) });
	}

	onRestored(): void {
		this.#lost = undefined;
		this.#tell({ restored: true });
	}

	onEnd(error: ConnectorError): void {
		this.#subscribing = undefined;
		this.#lost = undefined;
		this.#tell({ end: failureOf(error) });
		for (const socket of [...this.#sockets.keys()]) this.#leave(socket);
	}

	async #subscribe(channel: string): Promise<Subscription> {
		try {
			return await this.#upstream.subscribe(channel, this);
		} catch (error) {
			// The next socket tries again.
			this.#subscribing = undefined;
			throw error;
		}
	}

	#tell(notice: Notice): void {
		const text = noticeMark + JSON.stringify(notice);
		for (const socket of this.#sockets.keys()) this.#send(socket, text);
	}

	/** Always true: a socket that could not take it is closed, and its Worker comes back. */
	#send(socket: ObjectSocket, text: string): true {
		const isOpen = this.#unread.send(socket, text, this.#limits.bufferedBytes);
		if (!isOpen) this.#leave(socket);
		return true;
	}

	#leave(socket: ObjectSocket): void {
		const guest = this.#sockets.get(socket);
		if (!this.#sockets.delete(socket)) return;
		if (guest !== undefined) this.members.leave(socket, guest);
		try {
			socket.close();
		} catch {
			// It is closed already.
		}
		this.#release();
	}

	#release(): void {
		this.#users--;
		if (this.#users > 0 || this.#subscribing === undefined) return;
		this.#timer = setTimeout(() => this.#unsubscribe(), this.#linger);
	}

	#unsubscribe(): void {
		const subscribing = this.#subscribing;
		this.#subscribing = undefined;
		this.#lost = undefined;
		subscribing
			?.then((subscription) => subscription.unsubscribe())
			.catch((error) => console.error("edge-sse:", error));
	}
}
