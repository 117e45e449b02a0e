import type { ObjectSocket, ObjectState } from "cloudflare:workers";
import type { Connector } from "../core/connector.ts";
import { ConnectorError } from "../core/errors.ts";
import type { GuestPage } from "../core/presence-contract.ts";
import { controlChannel } from "../core/request/request.ts";
import { attached, type Guest, guestIn } from "./guest.ts";
import { lastMade } from "./last-made.ts";
import { Members, type Sleeper } from "./members.ts";
import {
	type Ending,
	membersNotice,
	noticeMark,
	payloadMark,
	ping,
	pingEvery,
	pong,
	positionHeader,
	silentCode,
} from "./protocol.ts";
import { autoResponse, socketPair } from "./socket-pair.ts";
import { Unread } from "./unread.ts";

/** A Worker that missed more pings than these is gone. */
const mostMissedPings = 3;

/**
 * The most that the platform lets an object hold:
 * https://developers.cloudflare.com/durable-objects/api/state/#acceptwebsocket
 */
const mostSockets = 32_768;

/** Tells our sockets from those of a subclass. */
const tag = "edge-sse";

/** Limits of an object's sockets. */
export interface SocketLimits {
	/** Open sockets. */
	connections: number;
	/** What one Worker may leave unread, in UTF-16 code units. */
	bufferedBytes: number;
}

/** The first text on a socket. */
export function opening(sockets: number, { bufferedBytes }: SocketLimits): string {
	return noticeMark + JSON.stringify({ sockets, confirm: Math.max(1, bufferedBytes / 4) });
}

/** @throws {ConnectorError} when the object holds as many as it may. */
export function checkRoom(sockets: number, { connections }: SocketLimits): void {
	if (sockets < Math.min(connections, mostSockets)) return;
	throw new ConnectorError(
		"unavailable",
		`The channel's object holds ${sockets} sockets, the most that it may.`,
	);
}

/**
 * The sockets of Workers that hold this object's streams. The platform keeps them open while
 * the object sleeps, so nothing here may need memory that outlives a message.
 */
export class HibernatingSockets {
	readonly #ctx: ObjectState;
	readonly #limits: SocketLimits;
	readonly #unread = new Unread();
	readonly #noticeOf = lastMade(membersNotice);
	/** The members behind the sockets. */
	readonly members: Members = new Members(() => this.#sleepers());
	/** About how many are open. Listing them all takes time. */
	#open: number | undefined;
	/** When the silent ones were last looked for, in ms since 1970. */
	#lookedAt = 0;

	constructor(ctx: ObjectState, limits: SocketLimits) {
		this.#ctx = ctx;
		this.#limits = limits;
	}

	/**
	 * Takes a Worker's socket. Every later payload goes to it, too.
	 *
	 * @param position the newest of this turn. Undefined: the Worker keeps nothing.
	 * @param guest the member behind the stream.
	 * @param wait how long the list of members is held back, in ms.
	 * @throws {ConnectorError} when the object holds as many as it may.
	 */
	accept(position: string | undefined, guest?: Guest, wait = 0): Response {
		this.#open ??= this.#count();
		if (this.#open >= Math.min(this.#limits.connections, mostSockets)) this.#open = this.#count();
		checkRoom(this.#open, this.#limits);
		const { answer, socket } = socketPair(
			position === undefined ? {} : { [positionHeader]: position },
		);
		if (guest !== undefined) this.members.wake();
		this.#ctx.acceptWebSocket(socket, [tag]);
		socket.serializeAttachment({ since: Date.now(), ...(guest && { guest: attached(guest) }) });
		this.#ctx.setWebSocketAutoResponse(autoResponse(ping, pong));
		this.#open++;
		socket.send(opening(this.#open, this.#limits));
		if (guest !== undefined) this.members.join(socket, guest, this.#teller(socket), wait);
		return answer;
	}

	/** @returns how many Workers it went to. */
	send(payload: string): number {
		const text = payloadMark + payload;
		const sockets = this.#ctx.getWebSockets(tag);
		this.#closeSilent(sockets);
		let sent = 0;
		for (const socket of sockets) {
			if (this.#unread.send(socket, text, this.#limits.bufferedBytes)) sent++;
		}
		return sent;
	}

	/** @returns how many Workers heard it. */
	disconnect(ending: Ending): number {
		const text = noticeMark + JSON.stringify({ disconnect: ending });
		const { bufferedBytes } = this.#limits;
		const sockets = this.#ctx.getWebSockets(tag);
		return sockets.filter((socket) => this.#unread.send(socket, text, bufferedBytes)).length;
	}

	receive(socket: ObjectSocket, text: unknown): void {
		if (this.#isOurs(socket)) this.#unread.receive(socket, text);
	}

	/** The Worker has left. */
	leave(socket: ObjectSocket): void {
		if (!this.#isOurs(socket)) return;
		if (this.#open !== undefined) this.#open--;
		const guest = guestIn(socket);
		if (guest !== undefined) this.members.leave(socket, guest);
		try {
			// Before 2026-04-07 the platform does not answer a close by itself.
			socket.close();
		} catch {
			// It is closed already.
		}
	}

	/** A page of the members; see `Members`. */
	page(after: string, limit: number): GuestPage {
		this.#closeSilent(this.#ctx.getWebSockets(tag));
		return this.members.page(after, limit);
	}

	*#sleepers(): Iterable<Sleeper> {
		for (const socket of this.#ctx.getWebSockets(tag)) {
			const guest = socket.readyState === 1 ? guestIn(socket) : undefined;
			if (guest !== undefined) yield { key: socket, guest, tell: this.#teller(socket) };
		}
	}

	#teller(socket: ObjectSocket): (json: string) => boolean {
		return (json) => {
			// A socket that failed is closed. Its Worker reconnects, and is told all members.
			this.#unread.send(socket, this.#noticeOf(json), this.#limits.bufferedBytes);
			return true;
		};
	}

	#isOurs(socket: ObjectSocket): boolean {
		return this.#ctx.getTags(socket).includes(tag);
	}

	#count(): number {
		return this.#ctx.getWebSockets(tag).filter(({ readyState }) => readyState === 1).length;
	}

	/** Looks at most once per ping: it takes a call of the platform for each socket. */
	#closeSilent(sockets: readonly ObjectSocket[]): void {
		const now = Date.now();
		if (now - this.#lookedAt < pingEvery) return;
		this.#lookedAt = now;
		for (const socket of sockets) {
			const { since } = socket.deserializeAttachment() as { since: number };
			const heard = this.#ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? since;
			if (now - Math.max(heard, since) <= mostMissedPings * pingEvery || socket.readyState !== 1)
				continue;
			socket.close(silentCode, "no sign of life");
			const guest = guestIn(socket);
			if (guest !== undefined) this.members.leave(socket, guest);
		}
	}
}

const silent = { unsubscribe: async (): Promise<void> => undefined };

/** A broker inside the object that also hands payloads to the sockets of Workers. */
export function withSockets(broker: Connector, sockets: HibernatingSockets): Connector {
	return {
		name: broker.name,
		scope: broker.scope,
		publish: async (channel, payload) => {
			if (channel.endsWith(controlChannel)) return { receivers: 0 };
			// Both within this turn, so that the order of the calls is the order of delivery.
			const workers = sockets.send(payload);
			const { receivers } = await broker.publish(channel, payload);
			return { receivers: receivers + workers };
		},
		// Nobody else can speak to the processes of this broker: it is inside the object.
		subscribe: async (channel, handlers) =>
			channel.endsWith(controlChannel) ? silent : broker.subscribe(channel, handlers),
		close: () => broker.close(),
	};
}
