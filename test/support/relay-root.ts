import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "../../src/adapters/node.ts";
import type { Connector } from "../../src/core/connector.ts";
import { type RelayHandler, relayHandler } from "../../src/relay.ts";
import { type TcpProxy, tcpProxy } from "./tcp-proxy.ts";

export const relayToken = "relay-token";

const authorize = ({ headers }: Request) => headers.get("authorization") === `Bearer ${relayToken}`;

/** A hub that only serves relays, in front of a broker, with a network in between that can fail. */
export class RelayRoot {
	readonly #connect: (path: string) => Connector;
	/** How many streams were requested. */
	streams = 0;
	readonly #open: TransformStreamDefaultController<Uint8Array>[] = [];
	#server: Server | undefined;
	#port = 0;
	#proxy: TcpProxy | undefined;
	#end: () => Promise<void> = async () => undefined;

	/** @param connect is called once for each path that relays ask for, and returns the broker behind it. */
	constructor(connect: (path: string) => Connector) {
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
		const brokers = new Map<string, { broker: Connector; handler: RelayHandler }>();
		const behind = (path: string) => {
			let found = brokers.get(path);
			if (found === undefined) {
				const broker = this.#connect(path);
				const handler = relayHandler(broker, { authorize, onError: () => undefined });
				found = { broker, handler };
				brokers.set(path, found);
			}
			return found.handler;
		};
		// A broker that cannot be made is an error of the start.
		behind("");
		const fetch = async (request: Request) => {
			const path = new URL(request.url).pathname.replace(/\/relay$/, "");
			const response = await behind(path).fetch(request);
			if (response.headers.get("content-type") !== "application/x-ndjson") return response;
			this.streams++;
			return new Response(response.body?.pipeThrough(this.#endable()), response);
		};
		const server = createServer(toNodeHandler({ fetch }));
		await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
		this.#port = (server.address() as AddressInfo).port;
		this.#proxy ??= await tcpProxy({ port: this.#port });
		this.#server = server;
		this.#end = async () => {
			for (const { handler } of brokers.values()) handler.close();
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
			await Promise.all([...brokers.values()].map(({ broker }) => broker.close()));
		};
	}

	/** Ends all streams, and nothing else. */
	endStreams(): void {
		for (const stream of this.#open.splice(0)) stream.terminate();
	}

	#endable(): TransformStream<Uint8Array, Uint8Array> {
		return new TransformStream({ start: (controller) => void this.#open.push(controller) });
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
