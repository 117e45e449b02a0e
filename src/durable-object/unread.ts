import type { ObjectSocket } from "cloudflare:workers";
import { receiptMark, slowCode } from "./protocol.ts";

/**
 * What each Worker has not confirmed yet, in UTF-16 code units. A socket does not say how much
 * waits in it, so the Worker does.
 */
export class Unread {
	/** Forgotten by a hibernation, which needs 10 s without traffic. */
	readonly #units = new WeakMap<ObjectSocket, number>();

	/**
	 * Sends a text, or closes the socket of a Worker that has more unread than it may.
	 *
	 * @returns whether it was sent.
	 */
	send(socket: ObjectSocket, text: string, limit: number): boolean {
		if (socket.readyState !== 1) return false;
		const unread = this.#units.get(socket) ?? 0;
		try {
			if (unread > limit) {
				socket.close(slowCode, "too much unread");
				return false;
			}
			socket.send(text);
		} catch {
			// Its end is under way, and the platform reports it.
			return false;
		}
		this.#units.set(socket, unread + text.length);
		return true;
	}

	/** A Worker's text: it confirms what it has read. */
	receive(socket: ObjectSocket, text: unknown): void {
		if (typeof text !== "string" || !text.startsWith(receiptMark)) return;
		const read = Number(text.slice(receiptMark.length));
		// What was sent before a hibernation may be confirmed after it.
		if (read > 0) this.#units.set(socket, Math.max(0, (this.#units.get(socket) ?? 0) - read));
	}
}
