import type { ChildProcess } from "node:child_process";
import type { Server as HttpServer } from "node:http";
import { createServer, type Server, Socket } from "node:net";
import type { SharedPort } from "./runtime.ts";

/** Connections that may wait while no child takes any. */
const mostWaiting = 1_024;

/**
 * Node's way to one port for several processes: the parent accepts, and hands the connections over in turn. A child that
 * ends before it has a connection leaves it to another. With `node:cluster` such a connection stays open without an owner,
 * and its client waits for ever.
 */
export class HandedPort implements SharedPort {
	readonly #server: Server;
	/** The children, with the connections that they have not confirmed. */
	readonly #children = new Map<ChildProcess, Map<number, Socket>>();
	readonly #waiting: Socket[] = [];
	#last = 0;
	port = 0;

	constructor() {
		this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#give(socket));
	}

	async open(port: number, host: string): Promise<this> {
		await new Promise<void>((resolve, reject) => {
			this.#server.once("error", reject);
			this.#server.listen({ port, host, exclusive: true }, () => {
				// Such as too many open files: those who are there stay, and others come later.
				this.#server.off("error", reject).on("error", () => undefined);
				resolve();
			});
		});
		const address = this.#server.address();
		this.port = typeof address === "object" && address !== null ? address.port : port;
		return this;
	}

	add(child: ChildProcess): void {
		const given = new Map<number, Socket>();
		this.#children.set(child, given);
		child.on("message", (message) => {
			const { accepted } = Object(message) as { accepted?: number };
			if (accepted === undefined) return;
			// The child has its own descriptor: this one is closed, and the connection is not.
			given.get(accepted)?.destroy();
			given.delete(accepted);
		});
		child.once("exit", () => {
			this.#children.delete(child);
			for (const socket of given.values()) this.#give(socket);
		});
		for (const socket of this.#waiting.splice(0)) this.#give(socket);
	}

	remove(child: ChildProcess): void {
		this.#children.delete(child);
	}

	close(): void {
		this.#server.close();
		for (const socket of this.#waiting) socket.destroy();
	}

	#give(socket: Socket): void {
		const [next] = [...this.#children].sort(([, a], [, b]) => a.size - b.size);
		if (next === undefined) {
			if (this.#waiting.push(socket) > mostWaiting) this.#waiting.shift()?.destroy();
			return;
		}
		const [child, given] = next;
		// It is the last in the order from now on.
		this.#children.delete(child);
		this.#children.set(child, given);
		const number = ++this.#last;
		given.set(number, socket);
		// What fails is followed by the end of the child, which leaves the connection to another.
		child.send({ connection: number }, socket, { keepOpen: true }, () => undefined);
	}
}

/** In a child: its server gets the connections that the parent hands over. */
export function acceptHanded(server: HttpServer): void {
	// It begins to look for clients that take too long to send a request.
	server.emit("listening");
	process.on("message", (message, socket) => {
		const { connection } = Object(message) as { connection?: number };
		if (connection === undefined) return;
		// Without one: its client has left meanwhile.
		if (socket instanceof Socket) {
			server.emit("connection", socket);
			socket.resume();
		}
		process.send?.({ accepted: connection }, undefined, undefined, () => undefined);
	});
}
