import type { ChildProcess } from "node:child_process";
import type { Server as HttpServer } from "node:http";
import { createServer, type Server, Socket } from "node:net";
import { ConnectorError } from "../../core/errors.ts";
import { logFailure } from "../log.ts";
import type { SharedPort } from "./runtime.ts";

/** How many connections may wait while no child takes any. The oldest gives way to a new one. */
const mostWaiting = 1_024;

/**
 * The port of several processes on Node. The parent accepts connections, and hands them to its children in turn. When a
 * child ends before it has confirmed a connection, another child gets it. With `node:cluster` such a connection would stay
 * open without an owner, and its client would wait for ever.
 */
export class HandedPort implements SharedPort {
	readonly #server: Server;
	/** The children, with the connections that they have not confirmed. */
	readonly #children = new Map<ChildProcess, Map<number, Socket>>();
	readonly #waiting: Socket[] = [];
	#last = 0;
	port = 0;

	/**
	 * @param mostHeld how many connections the parent may hold that no child has confirmed. Each costs it a descriptor and
	 * 2 kB. Where all children hang, nothing else would limit them before the children are killed, after 30 s.
	 */
	constructor(mostHeld: number) {
		this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#give(socket));
		// Node closes each further connection at once, and its client tries again.
		this.#server.maxConnections = mostHeld;
		this.#server.on("drop", () => logFailure("port", tooMany(mostHeld)));
	}

	async open(port: number, host: string): Promise<this> {
		await new Promise<void>((resolve, reject) => {
			this.#server.once("error", reject);
			this.#server.listen({ port, host, exclusive: true }, () => {
				// An error now, such as too many open files, concerns a new connection. The others stay open.
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
			// The child has its own descriptor, so the connection stays open when this one is closed.
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
		// This child is now the last of those with equally many.
		this.#children.delete(child);
		this.#children.set(child, given);
		const number = ++this.#last;
		given.set(number, socket);
		// A send fails only when the child ends. Its end gives the connection to another child.
		child.send({ connection: number }, socket, { keepOpen: true }, () => undefined);
	}
}

function tooMany(held: number): ConnectorError {
	return new ConnectorError(
		"unavailable",
		`A connection was refused: ${held} wait for processes that do not take them.`,
	);
}

/** In a child: its server gets the connections that the parent hands over. */
export function acceptHanded(server: HttpServer): void {
	// Node's server looks for slow requests only after this event.
	server.emit("listening");
	process.on("message", (message, socket) => {
		const { connection } = Object(message) as { connection?: number };
		if (connection === undefined) return;
		// There is no socket when its client has left meanwhile.
		if (socket instanceof Socket) {
			server.emit("connection", socket);
			socket.resume();
		}
		process.send?.({ accepted: connection }, undefined, undefined, () => undefined);
	});
}
