import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "./ports.ts";

export interface TcpProxy {
	readonly host: "127.0.0.1";
	readonly port: number;
	/** How many clients are connected through it now. */
	readonly connections: number;
	/** How many clients ever connected, refused ones included. */
	readonly accepted: number;
	/** Destroys every connection; new ones are served. */
	cut(): void;
	/** While on, a new connection is reset at once. The existing ones stay. */
	refuse(on: boolean): void;
	/** While on, connections stay open and new ones are accepted, but no byte passes either way. */
	blackhole(on: boolean): void;
	/** From now on every byte takes this long each way, in ms. */
	latency(ms: number): void;
	/** While on, the server's bytes are held back, and the clients' bytes still pass. */
	mute(on: boolean): void;
	close(): Promise<void>;
	[Symbol.asyncDispose](): Promise<void>;
}

interface Pair {
	client: Socket;
	server: Socket;
}

/** A TCP proxy in front of a server, whose network can be broken. */
export async function tcpProxy(target: { port: number; host?: string }): Promise<TcpProxy> {
	const pairs = new Set<Pair>();
	let refusing = false;
	let holding = false;
	let muted = false;
	let accepted = 0;
	let latency = 0;

	const listener = createServer((client) => {
		accepted++;
		if (refusing) {
			client.resetAndDestroy();
			return;
		}
		const server = connect({ port: target.port, host: target.host ?? "127.0.0.1" });
		const pair = { client, server };
		pairs.add(pair);
		const end = () => {
			pairs.delete(pair);
			client.destroy();
			server.destroy();
		};
		for (const [from, to] of [
			[client, server],
			[server, client],
		] as const) {
			from.setNoDelay(true);
			const pass = (chunk: Buffer) => {
				if (!to.destroyed && !to.write(chunk)) from.pause();
			};
			// Timers of one length fire in the order in which they were set.
			from.on("data", (chunk: Buffer) => {
				if (latency === 0) pass(chunk);
				else setTimeout(pass, latency, chunk);
			});
			to.on("drain", () => {
				if (!holding && !(muted && from === server)) from.resume();
			});
			from.on("end", () => to.end());
			// This proxy breaks a side on purpose: the other side sees a closed connection.
			from.on("error", end);
			from.on("close", end);
			if (holding || (muted && from === server)) from.pause();
		}
	});

	const port = await freePort();
	listener.listen({ port, host: "127.0.0.1" });
	await once(listener, "listening");

	const cut = () => {
		for (const { client, server } of pairs) {
			client.resetAndDestroy();
			server.destroy();
		}
		pairs.clear();
	};
	const close = async () => {
		const closed = once(listener, "close");
		listener.close();
		cut();
		await closed;
	};
	return {
		host: "127.0.0.1",
		port,
		get connections() {
			return pairs.size;
		},
		get accepted() {
			return accepted;
		},
		cut,
		refuse(on) {
			refusing = on;
		},
		blackhole(on) {
			holding = on;
			for (const { client, server } of pairs) {
				for (const socket of [client, server]) on ? socket.pause() : socket.resume();
			}
		},
		latency(ms) {
			latency = ms;
		},
		mute(on) {
			muted = on;
			for (const { server } of pairs) on ? server.pause() : server.resume();
		},
		close,
		[Symbol.asyncDispose]: close,
	};
}
