import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "../../src/adapters/node.ts";
import type { Connector } from "../../src/core/connector.ts";
import { relayHandler } from "../../src/relay.ts";
import { type TcpProxy, tcpProxy } from "./tcp-proxy.ts";

export const relayToken = "relay-token";

const authorize = ({ headers }: Request) => headers.get("authorization") === `Bearer ${relayToken}`;

/** A hub without anything but relays, in front of a broker, and a network in between that can fail. */
export class RelayRoot {
	readonly #connect: () => Connector;
	/** How many streams were asked for. */
	streams = 0;
	#server: Server | undefined;
	#port = 0;
	#proxy: TcpProxy | undefined;
	#end: () => Promise<void> = async () => undefined;

	constructor(connect: () => Connector) {
		this.#connect = connect;
	}

	get url(): string {
		return `http://127.0.0.1:${this.proxy.port}`;
	}

	get proxy(): TcpProxy {
		if (this.#proxy === undefined) throw new Error("It was not started.");
		return this.#proxy;
	}

	async start(): Promise<void> {
		const broker = this.#connect();
		const handler = relayHandler(broker, { authorize, onError: () => undefined });
		const fetch = async (request: Request) => {
			const response = await handler.fetch(request);
			if (response.headers.get("content-type") === "application/x-ndjson") this.streams++;
			return response;
		};
		const server = createServer(toNodeHandler({ fetch }));
		await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
		this.#port = (server.address() as AddressInfo).port;
		this.#proxy ??= await tcpProxy({ port: this.#port });
		this.#server = server;
		this.#end = async () => {
			handler.close();
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
			await broker.close();
		};
	}

	/** It ends, as a process would. It can be started again. */
	async stop(): Promise<void> {
		if (this.#server === undefined) return;
		this.#server = undefined;
		await this.#end();
	}

	async close(): Promise<void> {
		await this.stop();
		await this.#proxy?.close();
	}
}
